continue

r = {a: 1}
r[0]

-(ramp() > 3)

{shape, ...others} = ramp()

{"a{1}": 2}

{"a{1}": x} = r

x + 1 = 3

import ""

fn f(x) x + 1

try { error("outer") } catch e { error(e) }

try { ramp() + ramp([5, 4, 4]) } catch e { e }

fn inner(x) = x + "mm"
fn outer(x) = inner(2 * x)
[outer(1) for k in 0:2]

a = [1, 2
b = lenght(a)

x = 5 5
y = )
fn (z) = 1
w = {a 1}
"{q:z}"

total = 3 +
fn area(w, h) = w * h
limits = (1, 2
if total = 3 {
    area(1 2)
}
name = "sub-01
mask = area[0
for k 0:3 { print(k }

fn f(x) {
    if x > 3 {
        print(x)
    x
}
fn g(x) = x
y = = 3

f = x => x + 1

catch e { }

if (x) then 3

[i if i > 0 for i in 0:3]

{k: v for k in 0:3}

[1_000, 0x1F, 0x_ff, 0b101, 1e, 1_000e, 2nd]

3 in [3]

3 not in [3]

x is none

1 if true else 2

"a" "b"

`x`

for i in { }

x = [1, 2
y = 3
z = lenght(y)
w = }
fn = 3
