fn first(xs, wanted) { for x in xs { try { if x == wanted { return "found {x}" } } catch e { return "never" } }; "nothing" }
[first([1, 2, 3], 2), first([1], 2)]

fn nested(n) { out = []; for i in 0:n { for j in 0:n { if j > i { break }; if (i + j) % 2 == 1 { continue }; out = out + [[i, j]] } }; out }
nested(4)

fn early(n) = [if i == n { return "left at {i}" } else { i } for i in 0:10]
[early(3), early(20)]

out = []
for i in 0:6 { out = out + [if i == 1 { continue } else if i == 4 { break } else { i }] }
out

for i in 0:4 { try { if i == 1 { continue }; if i == 3 { break }; print(i) } catch e { print("never") } }
i

x = try { error("no") } catch e { for k in 0:3 { if k == 2 { break } }; "k is {k}" }
x

fn tail(n) { if n > 2 { try { return "big" } catch e { 1 } } else { "small" } }
[tail(1), tail(5)]

fn late() { f = () -> value; value = 1; value = value + 1; f() }
late()

makers = [() -> k * 10 for k in 0:3]
map(makers, make -> make())

fn counted(n) { steps = 0; while true { steps = steps + 1; if steps >= n { return steps } } }
counted(1000)

fn default(x=if true { return "left" } else { 1 }) = x
[default(), default(5)]

a = 1
fn order() { a = 2; b = a + (if true { a = 10; 1 } else { 0 }); [a, b] }
order()

fn pick(n) = if n > 1 and not (n == 3) or n == 0 { "yes" } else { "no" }
map(0:5, pick)

"{[c for c in "né脑"]} {[k for k in {p: 1, q: 2}]}"

fn unbound() { if false { y = 1 }; y + 1 }
unbound()

fn unbound2() { if false { y = 1 }; [y] }
unbound2()

fn unbound3() { if false { y = 1 }; if y { 1 } }
unbound3()

fn unbound4() { y = y + 1 }
unbound4()

s = "a"
t = s
s = s + "b"
s = s + s
[s, t]

list = [1]
other = list
list = list + [2]
list = list + list
[list, other]

fn deep(n) = if n == 0 { error("bottom") } else { deep(n - 1) }
deep(3)

if 1 { 2 }

while none { 2 }

1 and true

true or false and 3

[x for x in 0:3 if x]

5 % 3 + -5 % 3 + 5 % -3 + 5.5 % 2 + 0 % 3

[1 / 0, -1 / 0, (0 / 0) == (0 / 0), 2 ^ 0.5 > 1.41, 0.1 + 0.2 == 0.3]
