fn f(x, k=2) = k * x

[f(3), f(3, 5), f(3, k=7), f(k=1, x=2)]

fn g(x) {
    y = x + 1
    y * 2
}

g(4)

fn early(x) {
    if x < 0 { return "negative" }
    for i in 0:10 { if i == x { return "found {i}" } }
    "beyond"
}

[early(-1), early(5), early(50)]

fn fib(n) = if n < 2 { n } else { fib(n - 1) + fib(n - 2) }

fib(20)

add = (a, b) -> a + b

add(2, 3)

square = v -> v ^ 2

[1, 2, 3] |> map(square)

3 |> square

3 |> (v -> v + 1)

3 |> v -> v + 1

fn counter() {
    n = 0
    step = () -> n + 1
    n = 10
    step()
}

counter()

makers = [() -> i for i in 0:3]

[m() for m in makers]

fn outer(a) {
    fn even(n) = if n == 0 { true } else { odd(n - 1) }
    fn odd(n) = if n == 0 { false } else { even(n - 1) }
    even(a)
}

[outer(10), outer(7)]

fn later(x, y = x * 2, z = x + y) = [x, y, z]

[later(1), later(1, 5), later(1, z=0)]

fn nothing() { }

nothing()

fn last() {
    total = 0
    for i in 0:5 { total = total + i }
    total
}

last()

r = {f: x -> x + 1, name: "r"}

r.f(2)

(x -> x * 10)(4)

fn block_lambda(xs) = map(xs, v -> {
    w = v * 2
    w + 1
})

block_lambda([1, 2])

fn jump(x) {
    y = if x > 0 { return "left early" } else { 1 }
    y
}

[jump(1), jump(0)]

total = 100

fn own() { total = 1
    total }

[own(), total]

x = 1
read = () -> x
x = 2
read()

twice(4)

twice = x -> 3 * x

twice(4)
