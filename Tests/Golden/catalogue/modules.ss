save("fn twice(x) = 2 * x\nsecret = 1\n", "lib.txt")

import "lib.txt"

[twice(4), secret]

save("import \"b.txt\"\n", "a.txt")

save("import \"a.txt\"\n", "b.txt")

import "a.txt"

save("x = 1 +\n\ny = lenght([1])\nz = (1, 2\n", "wrong.txt")

import "wrong.txt"

save("fn fails(x) = x + \"a\"\nfails(1)\n", "fails.txt")

import "fails.txt"

import "lib.tx"

import "folder"

import "/"

import ""

import "reference/imaging/files/int8.nii"

try { import "fails.txt" } catch e { [e.message, e.file, e.line] }

save("fn calls_later(x) = not_yet(x)\n", "later.txt")

import "later.txt"

calls_later(3)
