fn f() {
    if true { inner = 1 }
    for k in 0:3 { last = k }
    try { error("x") } catch e { 0 }
    [inner, k, last, e.message]
}

f()

inner

n = 5
fn reads() = n + 1
n = 6
reads()

fn shadow(n) = n * 2

[shadow(1), n]

fn binds() {
    n = 0
    n
}

[binds(), n]

y = 10
squares = [y * y for y in 0:4]

[y, squares]

fn counters() {
    out = []
    for i in 0:3 { out = out + [() -> i] }
    [c() for c in out]
}

counters()

[c() for c in [() -> i for i in 0:3]]

fn adder(k) = x -> x + k

add2 = adder(2)
add5 = adder(5)
[add2(1), add5(1)]

fn late() = defined_later(3)

late()

fn defined_later(x) = x * 100

late()

mean = 3
mean

sqrt = x -> "mine"
sqrt(4)

fn defaults(xs=[], f=x -> x + 1) = f(length(xs))

[defaults(), defaults([1, 2]), defaults(f=x -> -x)]

fn nested() {
    a = 1
    mid = () -> {
        b = 2
        deep = () -> a + b
        b = 20
        deep()
    }
    a = 10
    mid()
}

nested()
