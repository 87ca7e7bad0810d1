lenght([1])

resize(3)

resize(ramp(), interpolation="liner")

resize(ramp(), interpolaton="linear")

resize(ramp(), steps=[1, "2"])

resize(ramp(), width="3")

resize(ramp(), width=-1)

resize(ramp(), none, "cubic", [1], 2, 6)

resize()

resize(ramp(), image=ramp())

resize(ramp(), mask=ramp())

ramp([1, 2])

ramp(0)

ramp(1.5)

sqrt()

sqrt(1, 2)

twise(3)

fn half(x) = x / 2

half("a")

half()

half(1, 2)

half(y=1)

[{a: 1}["a", "b"]]

fn deep(n) = if n == 0 { sqrt("x") } else { deep(n - 1) }

deep(2)

fn forever(n) = forever(n + 1)

forever(0)

insist(3)

map([1, 2], (a, b) -> a)

map([1, "x"], v -> v * 1.5)

"a" + 1

[1] + 2

[1, 2] * "a"

1 < "a"

not 3

-"a"

1 and true

true & false

if 1 { 2 }

while none { }

for x in 3 { }

[x for x in none]

[1, 2, 3][3]

[][0]

[1, 2][0.5]

[1][0, 0]

{a: 1, beta: 2}.bata

{a: 1}["b"]

{a: 1}[0]

3.5.x

3(4)

0.5:3

"abc"[9]

none[0]

fn unbound() {
    y = z
    z = 1
    y
}

unbound()

total = 1
fn add_one() { total = total + 1
    total }
add_one()

error("stop here")

error("stop here", hint="or there")

assert(1 > 2)

assert(1 > 2, "one is not above two")

assert(3)

import "no-such-file.ss"

None

"ab" * 1000000000

[0] * 1e12

"x" * -1
