[a, b] = [1, 2]
b - a

[first, ...middle, last] = 0:6

[first, middle, last]

[head, ...others] = ["only"]
others

[x, [y, z]] = [1, [2, 3]]
x + y + z

r = {id: "sub-01", age: 31, "field strength": 3}

{id, age: years} = r
"{id} is {years}"

{id, ...others} = r
others

{"field strength": tesla} = r
tesla

{shape, spacing} = ramp()
[shape, spacing]

for [i, {id, age}] in [[0, {id: "a", age: 1}], [1, {id: "b", age: 2}]] { print(i, id, age) }

[k * n for [k, n] in [[1, 2], [3, 4], [5, 6]] if n > 2]

fs = [() -> x for [x, _] in [[1, 0], [2, 0]]]
[f() for f in fs]

[p, q] = [1, 2]
[p, q] = [q, p]
[p, q]

fn swapped(pair) {
    [u, v] = pair
    [v, u]
}

swapped([1, 2])

fn variadic(a, ...rest, k=2) = [a, rest, k]

[variadic(1), variadic(1, 2, 3), variadic(1, 2, k=7), variadic(...[4, 5, 6], k=0), variadic(...0:3)]

total = (...xs) -> length(xs)
[total(), total(1, 2), [7, 8] |> total(9)]

[...[1, 2], 3, ...0:2]

{...r, age: 32}

{age: 1, ...r}

{...{a: 1}, ...{b: 2}, a: 3}

[a, b] = [1, 2, 3]

[a, b, ...c] = [1]

[a] = 3

[a] = {a: 1}

{ag} = r

{id: [a, b]} = r

{...r, age}

[a, a] = [1, 2]

[...a, ...b] = [1]

{...a, b} = r

[a, 3] = [1, 2]

[] = [1]

{if} = r

for [a, b] in [[1, 2], [3]] { a }

for a, b in [[1, 2]] { a }

[...x for x in [[1]]]

[...3]

{...[1]}

length(...3)

variadic(...[1], rest=[2])

variadic(k=1)

sqrt(...[1, 2])

fn two(...a, ...b) = 1

fn odd(...a=1) = 1

fn between([low, high], {unit, scale: factor}, k=low) = "{factor * (high - low)} {unit} from {k}"

[between([1, 4], {unit: "mm", scale: 2}), between([1, 4], {unit: "mm", scale: 2}, k=0)]

map([[1, 2], [3, 4]], ([a, b]) -> a * b)

((s, [a, [b, ...c]]) -> s + a * b + length(c))(0, [3, [4, 5]])

fn later([a, b]) = () -> a + b
later([1, 2])()

fn paired([a, b]=[1, 2], c=a + b) = [a, b, c]
[paired(), paired([3, 4]), paired([3, 4], 5)]

between

between([1], {unit: "mm", scale: 1})

between([1, 2])

between([1, 2], {units: "mm"})

fn twice([a, b], a) = a

fn none_left(...xs, [a, b]) = a

fn worst(...[a, b]) = a

a, b = 1

...r
