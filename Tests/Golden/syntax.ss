x = = 3

f(1, 2

(1 + 2))

[1, 2)

x = (1 + ]

fn (x) = 3

fn f x = 3

fn f(x, x) = 3

fn f(a=1, b) = 3

for i 0:3 { }

for 3 in x { }

if x = 3 { }

if true 3

else { }

try { 1 }

1 +

let x = 3

def f(x)

elif x

x += 1

x && y

a || b

2 ** 3

!x

1 < 2 < 3

1:2:3

a |> 3

3 |> sqrt + 1

(1, 2)

()

[1 2]

f(a=1, 2)

f(a=1, a=2)

{a: 1, a: 2}

{a = 1}

v -> {a: 1}

x.y = 3

x[0] = 3

f() = 3

break

return 3

fn f() { import "x.ss" }

fn if() = 3

x = if

2mm

1. + 2

x..a

while { 1 }

1e999

x ? y

a \ b

x[]

x[…, …]

import x

import "a{b}"

x = 3 y = 4

{a: 1

"脑" + ]	+ "tab"

	x = "é" ]

a = 1 +* 2
b = 3
c = [1, 2
d = 4

a = )
b = 1 +* 2
fn f( { }
c = "ok"
d = 5 5

1 + not true

x -> y = 3

$

whlie true { 1 }

if true { 1 } esle { 2 }

let x = 3

x := 3

fn f(x) { x )

if 1 == 1
{ print(1) }

fn f(x)
{ x }

x = `ls`

print("unclosed)

print("a {b")
