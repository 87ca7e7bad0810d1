1

-0.5

1e20

0.1 + 0.2

123456789012345

1 / 3

2^0.5

true

none

"text with \"quotes\", a tab\t and a brace \{"

[1, "two", [3], none, false]

[]

{id: "a", age: 3, "two words": [1]}

{}

0:10

[i for i in 0:100]

x = 3

x = 4;

x

fn f(x, k=2) = k * x

f

v -> v

ramp()

ramp() > 30

[ramp(), ramp() > 3]

print("a", 1, [1, "x"], none)

print("no", "blanks", sep="")
