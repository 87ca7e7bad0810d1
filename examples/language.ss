## The language in one page. `language.out` holds what this prints; the tests compare the two.

# Bindings, numbers, text
radius = 3
print("area {3.14159 * radius ^ 2:.2}")
print(7 / 2, 7 % 4, -2 ^ 2, 2 ^ 3 ^ 2)

# Lists, records, ranges, comprehensions
xs = [1, 2, 3] + [4]
who = {id: "sub-01", age: 31}
print(xs, length(xs), xs[-1], xs[1:3], who.id, keys(who))
print([x ^ 2 for x in 0:6 if x % 2 == 1])

# Functions, defaults, named arguments, lambdas, pipes
fn scaled(x, by=2) = x * by
fn total(numbers) {
    sum = 0
    for n in numbers { sum = sum + n }
    sum
}
print(scaled(4), scaled(4, by=10), xs |> map(x -> x * 10) |> total())

# A closure keeps the names around it alive
fn adder(n) = x -> x + n
add5 = adder(5)
print(add5(1), [f(10) for f in [adder(1), adder(2)]])

# Control: if is an expression
sign = x -> if x < 0 { "below" } else if x == 0 { "at" } else { "above" }
print([sign(x) for x in [-1, 0, 1]])
n = 0
while true {
    n = n + 1
    if n == 2 { continue }
    if n > 4 { break }
    print("turn", n)
}

# Failure
outcome = try { error("nothing there") } catch e { "caught: {e.message}" }
print(outcome)
assert(radius > 0, "the radius must be positive")
print(try { xs[10] } catch e { e.message })

# Volumes: arithmetic on one grid, comparisons give masks, a crop keeps its place in space
head = phantom(seed=1, shape=[24, 32, 40], spacing=8)
bright = head.image > mean(head.image)
both = bright & head.mask
print(head.image.shape, head.image.spacing, head.image.orientation)
print(both.count <= head.mask.count, (~head.mask & head.mask).count)
part = head.image[4:20, :, 10]
print(part.shape, part.affine[0][3] - head.image.affine[0][3])
print(try { head.image + part } catch e { e.hint })
