local function primes(n)
  local isPrime = {}
  for i = 0, n do isPrime[i] = true end
  local count = 0
  for i = 2, n do
    if isPrime[i] then
      count = count + 1
      local j = i * i
      while j <= n do
        isPrime[j] = false
        j = j + i
      end
    end
  end
  return count
end

print(primes(2000000))
