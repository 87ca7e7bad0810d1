def total(n):
    s = 0
    for i in range(n):
        for j in range(n):
            s = s + i * j
    return s


print(total(3000))
