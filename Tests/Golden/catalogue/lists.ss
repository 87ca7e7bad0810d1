map([1, 2, 3], x -> x * 10)

filter([1, 2], x -> x)

filter(3, x -> true)

map([1], 3)

reduce([], (a, b) -> a + b)

reduce([1, "a"], (a, b) -> a + b)

find([1, 2], x -> x > 5)

any([true, 1])

[any([false, true]), all([true, false]), any([]), all([])]

contains([1, [2, 3]], [2, 3])

contains(3, 3)

contains("abc", 1)

[position("añ脑x", "x"), position("abc", "d"), position([1, 2], 3), position(2:9, 4)]

sort([3, "a"])

sort([{a: 1}])

sort([{a: 1}, {b: 2}], by="a")

sort([{age: 1}, {age: 2}], by="agee")

sort([2, nan, none, 1])

sort([2, nan, none, 1], descending=true)

sort([[2, 1], [1, 9], [1, 2]])

sort(["b", "B", "a", "ä"])

sort([{id: "a", n: 2}, {id: "b", n: 1}, {id: "c", n: 2}], by="n", descending=true) |> map(r -> r.id)

unique([1, "1", 1, [1], [1], none, none])

unique([sort, map])

group([{site: "A", x: 1}, {site: "B", x: 2}, {site: "A", x: 3}], "site") |> map(g -> [g.key, length(g.items)])

zip([1, 2], [3])

zip()

[zip([1, 2], 5:7), enumerate(["a"], start=5), flatten([1, [2, [3]]])]

steps(0, 1, 0)

steps(0, 0.3, 0.1)

steps(0, 1e12, 0.001)

[sum([]), mean([1, 2, 6]), std([1, 3]), min([2, 1]), max(1, 5), percentile([1, 2, 3, 4], [0, 25, 100])]

mean([])

percentile([1, 2], 101)

percentile([1, nan], 50)

sum([1, "2"])

reverse(5)

length(5)

random(-1)

random(3, seed=1) == random(3, seed=1)

random(3, seed=1) == random(3, seed=2)

[keys({a: 1}), values({a: 1}), entries({a: 1}), get({a: 1}, "b"), with({a: 1}, "b", 2), without({a: 1, b: 2}, "a", "c")]

record([["a", 1], ["a", 2]])

record([["a", 1], [2, 3]])

keys([1])

print([{id: "sub-01", dice: 0.9312, n: 120}, {id: "脑", dice: 0.88, n: none}, {id: "c", note: "late"}])

print("rows:", [{a: 1}])

print(table([{id: "a", dice: 0.5, hd: 3.25}], fields=["dice", "id"]))

table([{id: "a"}], fields=["idd"])

table([1, 2])
