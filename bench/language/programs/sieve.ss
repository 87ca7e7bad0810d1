fn primes(n) {
    isPrime = [true] * (n + 1)
    count = 0
    for i in 2:n + 1 {
        if isPrime[i] {
            count = count + 1
            j = i * i
            while j <= n {
                isPrime[j] = false
                j = j + i
            }
        }
    }
    return count
}

print(primes(2000000))
