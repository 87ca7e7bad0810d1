# ends_with

ends_with("t1.nii.gz", ".nii")

# format

format(3.14159, ".2")

format("ab", ">5")

# from_json

from_json("\{\"id\": \"a\", \"n\": [1, 2]\}")

# join

join(["a", "b"], "/")

# lines

lines("a\nb\n")

# lower

lower("T1W")

# number

number("2.5") * 2

# replace

replace("sub-01_T1w", "_T1w", "_mask")

# starts_with

starts_with("sub-01", "sub-")

# text

text([1, 2])

# to_json

print(to_json({id: "a", dice: [0.5, none]}))

# trim

trim("  a b \n")

# upper

upper("t1w é")

