local function total(n)
  local s = 0
  for i = 0, n - 1 do
    for j = 0, n - 1 do s = s + i * j end
  end
  return s
end

print(total(3000))
