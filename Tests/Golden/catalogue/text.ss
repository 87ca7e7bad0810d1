[split("a,b,,c", ","), split("  a b  c "), split("añ脑", ""), split("abc", "x")]

split("a b", 3)

split([1, 2, 3], "x")

split(5)

split([1, 2], test=2)

[lines("a\nb\r\nc"), lines(""), lines("\n")]

[join([1, "a", none], "-"), join([], ", ")]

[replace("aaa", "a", "bb"), replace("abc", "x", "y"), trim(" \t a \n"), upper("straße"), lower("ÄB")]

replace("abc", "", "x")

[starts_with("sub-01", "sub"), ends_with("a.nii.gz", ".gz"), contains("abc", "")]

[format(3.14159, ".2"), format("a", "^5"), format(7, "03"), format([1, 2], ".1"), format(0.5, ".0%"), format(12345, ".2e")]

format(1, "q")

format("a", ".2")

[number("2.5"), number(" 3 "), number("1e3")]

number("2,5")

number("")

print(to_json({id: "a\"b", xs: [1, none, true], r: {}, n: nan, range: 0:3}))

to_json(sort)

to_json({a: [1, phantom(seed=1, shape=8, spacing=20).image]})

from_json("[1, 2.5e3, \"\\u00e9\", null, true, \{\}]")

from_json("\{a: 1\}")

from_json("[1, 2")

from_json("")

from_json("\{\"a\": 1, \"a\": 2\}")
