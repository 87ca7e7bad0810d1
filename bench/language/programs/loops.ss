fn total(n) {
    s = 0
    for i in 0:n {
        for j in 0:n { s = s + i * j }
    }
    return s
}

print(total(3000))
