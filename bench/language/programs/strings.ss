fn build(n) {
    s = ""
    for i in 0:n { s = s + "{i}," }
    return s
}

fn total(text) {
    sum = 0
    count = 0
    for word in split(text, ",") {
        if word != "" {
            sum = sum + number(word)
            count = count + 1
        }
    }
    return [count, sum]
}

text = build(300000)
r = total(text)
print(length(text), r[0], r[1])
