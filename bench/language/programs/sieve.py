def primes(n):
    is_prime = [True] * (n + 1)
    count = 0
    for i in range(2, n + 1):
        if is_prime[i]:
            count = count + 1
            j = i * i
            while j <= n:
                is_prime[j] = False
                j = j + i
    return count


print(primes(2000000))
