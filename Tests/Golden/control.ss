if 1 < 2 { "yes" } else { "no" }

grade = n -> if n > 9 { "top" } else if n > 4 { "good" }
else { "poor" }

[grade(10), grade(5), grade(1)]

if false { 1 }

s = 0
for i in 0:10 {
    if i == 3 { continue }
    if i == 6 { break }
    s = s + i
}
s

n = 0
while true { n = n + 1
    if n >= 5 { break } }
n

for name in {a: 1, b: 2} { print(name) }

for c in "añ脑" { print(c) }

i

[x * y for x in 0:3 for y in 0:3 if x != y]

[x for x in [3, 1, 2] if x > 1]

try { error("broken", hint="mend it") } catch e { e }

try { 1 + "a" } catch e { e.message }

v = try { sqrt(16) } catch e { 0 }

try { none.field } catch { "quiet" }

fn guarded(x) {
    try {
        if x > 1 { return "early" }
        assert(x == 1, "x is {x}")
        "fine"
    } catch e { "caught: {e.message}" }
}

[guarded(0), guarded(1), guarded(2)]

a = 1; b = 2; a + b

long = 1 +
    2 +
    3

[1, 2, 3]
    # a comment between
    |> map(v -> v * 2)
    |> length

[1,
 2,

 3]

not true or true and not false

1 < 2 and "a" < "b"

-2^2

2^3^2

2^-1

-7 % 3

7 % -3

1:3 == [1, 2]

{a: [1, {b: 2}]} == {a: [1, {b: 2}]}

"ab" + "cd"

"ab" * 3

[1] + [2, 3]

[0] * 3

args
