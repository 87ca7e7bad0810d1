xs = [3, 1, 2]
total = 0
for x in xs { total = total + x }
total

fn gcd(a, b) = if b == 0 { a } else { gcd(b, a % b) }
[gcd(12, 18), gcd(7, 3), gcd(0, 5)]

fn sieve(n) {
    composite = [false] * (n + 1)
    primes = []
    for i in 2:n + 1 {
        if composite[i] { continue }
        primes = primes + [i]
        composite = [c or k > i and k % i == 0 for [k, c] in [[k, composite[k]] for k in 0:n + 1]]
    }
    primes
}
sieve(20)

fn compose(...fs) = x -> {
    for f in fs { x = f(x) }
    x
}
compose(v -> v + 1, v -> v * 10, sqrt)(9)

words = ["one", "two", "three"]
[length(w) for w in words if length(w) > 3 or w == "two"]

point = {x: 1, y: 2}
moved = {...point, x: point.x + 1}
[point, moved, moved == {x: 2, y: 2}]

fn divided(a, b) {
    if b == 0 { error("nothing is divided by 0", hint="give another b") }
    a / b
}
try { divided(1, 0) } catch e { "{e.message} ({e.hint})" }

n = 27
steps = 0
while n != 1 {
    n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 }
    steps = steps + 1
}
steps

matrix = [[1, 2], [3, 4]]
[[row[j] for row in matrix] for j in 0:2]

fn table_row(name, value, width=8) = "{name}|{value:>8.2}|"
[table_row("a", 1), table_row("b", 2.345)] |> length

[first, second] = [x -> x + 1, x -> x * 2]
first(second(3))

v = ramp()
m = v > 10 & v < 20
[m.count, (v * m).shape, (~m).count == 64 - m.count]

v = ramp()
[v[0, 0, 0], v[3, 3, 3], v[1:3, …].shape, v[:, :, 2].shape]

"{1 + 1} {[x ^ 2 for x in 0:3]} {"in{"ner"}"} {{}}"

none == none and not (1 == "1") and [] == []

[i for i in 0:3 for j in 0:i] + [-1] * 2

"abc" * 2 < "abd" and "é" == "é"

(a -> b -> a - b)(5)(3)

1:4 |> map(x -> x * x) |> map(x -> -x)

{f: x -> x * 2}.f(4) + [1, 2, 3][-1]
