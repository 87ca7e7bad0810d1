# all

all([1, 5, 2], x -> x > 4)

all([])

# any

any([1, 5, 2], x -> x > 4)

any([])

# contains

contains([1, 2, 3], 2)

contains("sub-01_T1w", "T1w")

contains({a: 1}, "b")

# entries

entries({a: 1, b: 2})

for [name, x] in entries({a: 1, b: 2}) { print(name, x) }

# enumerate

enumerate(["a", "b"])

for [i, name] in enumerate(["a", "b"], 1) { print(i, name) }

# filter

filter(0:6, x -> x % 2 == 0)

# find

find([{id: "a", age: 30}, {id: "b", age: 50}], s -> s.age > 40).id

# flatten

flatten([[1, 2], [3], 4])

# get

get({a: 1}, "b", 0)

get({a: 1}, "a", 0)

# group

group(0:5, x -> x % 2)

# keys

keys({a: 1, b: 2})

# length

length([1, 2, 3])

length(0:10)

length("脑")

# map

map([1, 2, 3], x -> x ^ 2)

# position

position(["a", "b"], "b")

position("sub-01", "-")

position([1], 2) == none

# random

all(random(100), x -> x >= 0 and x < 1)

# record

record(zip(["a", "b"], [1, 2]))

# reduce

reduce([1, 2, 3, 4], (product, x) -> product * x)

reduce([1, 2], (s, x) -> s + text(x), "")

# reverse

reverse(0:3)

reverse("abc")

# shuffle

sort(shuffle(0:5))

shuffle(0:9, seed=1) == shuffle(0:9, seed=1)

# sort

sort([3, 1, 2])

sort(["b", "a"], descending=true)

sort([{id: "a", dice: 0.93}, {id: "b", dice: 0.88}], by="dice")[0].id

sort(["bb", "a", "ccc"], by=length)

# steps

steps(0, 1, 0.25)

steps(3, 0, -1)

# sum

sum([1, 2, 3])

m = phantom(seed=1, shape=16, spacing=12).mask
sum(m * 2) == 2 * m.count

# table

print(table([{id: "a", dice: 0.9312, n: 3}, {id: "b", dice: 0.88, n: 12}], fields=["id", "dice"]))

# unique

unique([3, 1, 3, 2, 1])

unique(phantom(seed=1, shape=16, spacing=12).labels)[0:3]

unique(["a", "bb", "c"], by=length)

# values

values({a: 1, b: 2})

# with

name = "age"
with({id: "a"}, name, 31)

# without

without({id: "a", age: 31, sex: "f"}, "age", "sex")

# zip

zip([1, 2], ["a", "b"])

[a * b for [a, b] in zip([1, 2], [3, 4])]

