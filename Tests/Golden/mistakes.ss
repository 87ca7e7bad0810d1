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
