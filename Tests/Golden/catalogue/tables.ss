read_table("odd/empty.csv")

read_table("odd/noname.csv")

read_table("odd/same.csv")

read_table("odd/length.csv")

read_table("odd/quote.csv")

read_table("x.txt")

read_table("odd/crlf.csv")

read_table("odd/quoted.csv")

read_table("odd/latin1.csv")

read_table("odd/bom.csv")

read_table("odd/head.csv")

save([{a: 1}, 3], "x.csv")

save([{a: 1, b: "line\nend"}, {a: -0.5, c: true}], "x.csv")

print(read_text("x.csv"))

read_table("x.csv")

read_json("odd/deep.json")

read_json("odd/unfinished.json")

read_json("odd/control.json")

read_json("odd/surrogate.json")

read_json("odd/escape.json")

read_json("odd/bytes.json")

read_json("odd/trailing.json")

from_json("{{\"a\": 1, \"a\": 2}}")

from_json("[1, 2,]")

from_json("01")

from_json("1e999")

from_json("0.1000000000000000055511151231257827021181583404541015625")

[from_json("-0"), from_json("1E+2"), from_json("0.5e-1"), from_json(" 12 ")]

from_json("1.")

from_json(".5")

from_json("+1")

from_json("-")

from_json("2e")

from_json("\"\\ud83e\\udde0\"")

from_json("nan")

to_json(nan)

to_json({f: sort})

to_json([inf, -inf])

from_json(to_json({a: [1, {b: none}], "b c": "x\ny\t\\"}))

from_json("\"abc")

from_json("\"abc\\")

from_json("\"\\u12\"")

from_json("\"\\udc00\"")
