def build(n):
    s = ""
    for i in range(n):
        s = s + f"{i},"
    return s


def total(text):
    sum = 0
    count = 0
    for word in text.split(","):
        if word != "":
            sum = sum + int(word)
            count = count + 1
    return [count, sum]


text = build(300000)
r = total(text)
print(len(text), r[0], r[1])
