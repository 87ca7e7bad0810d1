name = "脑"

"{name}: {1 / 3:.3} {2 * 3} {[1, 2.5]:.2}"

"nested {"inner {name + "!"}"}"

"{{literal}} \{also\} {{"

"{1:>5}|{1:<5}|{1:^5}|{"ab":>4}|{"ab":5}|{0.257:.1%}|{12345.678:.2e}|{7:3}"

"{ {a: 1}.a } {(0:3)} {if true { "x" } else { "y" }}"

"tab\tnew\\line \u{1F9E0}"

"abc"[0] + "abc"[-1] + "abcdef"[1:3] + "abcdef"[-2:]

"{none} {true} {sqrt}"

"{1:.3q}"

"{}"

"{1 2}"

"open

"{name"

"lone } brace"

"\q"

"\u{zz}"

"{name:.2}"

'single'

“smart”
