import Syntax
import Testing

/// Scripts with several mistakes, each marked by ‸ where its caret must stand: one does not hide another, and none is told that is not there.
@Suite struct RecoveryTests {
    @Test(arguments: [
        #"""
        a = 3 +‸
        b = 4
        c = ‸(1, 2
        d = foo(3)
        e = 4 ‸4
        print(a)
        """#,
        #"""
        x = 3 +‸
        fn f(a) = a +‸
        y = f‸(1
        z = ‸[1, 2
        w = ‸"abc
        q = 3 ‸3
        """#,
        #"""
        a = 3 +‸

        # note
        b = 4
        """#,
        #"""
        f‸(1,
        y = 3
        z = 4 ‸4
        """#,
        #"""
        x = ‸[1, 2,
          3, 4
        y = x‸[0
        for i in 0:3 { print‸(i }
        while true ‸print(1)
        """#,
        #"""
        if x ‸= 3 {
          y = 4 ‸4
        }
        for i ‸0:3 {
          z = ‸* 3
        }
        while ‸{
        }
        """#,
        #"""
        fn ‸(a) = a
        fn f ‸a = a
        fn g(a, ‸a) = a
        fn h(a=1, ‸b) = a
        fn k(a) ‸a
        """#,
        #"""
        x = 1 ‸2
        y = ‸(3
        z = 4 +‸
        w = ‸)
        v = "a{1 +‸}b"
        """#,
        #"""
        x = {a: 1, b ‸2}
        y = {a: 1 ‸b: 2}
        z = {‸1: 2}
        w = {a: 1, ‸a: 2}
        v = ‸{a: 1
        u = 3
        """#,
        #"""
        x = ‸'abc'
        y = a &‸& b
        z = a |‸| b
        w = ‸!a
        v = a+‸+
        """#,
        #"""
        ‸let x = 3
        ‸var y = 4
        ‸def f(x) { }
        print ‸3
        x +‸= 1
        """#,
        #"""
        import ‸foo
        import‸
        ‸from x import y
        return ‸)
        break ‸3
        """#,
        #"""
        x = 3
        print‸(x

        fn f(a) {
          b = a *‸
          return b
        }
        y = f(3)‸)
        z = 4‸]
        """#,
        #"""
        fn f(x) {
          y = g‸(x
          return y
        }
        z = f‸(3
        w = 1 ‸1
        """#,
        #"""
        fn f(x) ‸{
          if x > 3 {
            print(x)
          return x
        }
        y = 3 ‸3
        """#,
        #"""
        x = [f(y) for y ‸xs]
        z = [a for‸]
        w = [‸for a in b]
        v = [a for a in b if‸]
        """#,
        #"""
        try { x }‸
        try ‸x catch e { }
        ‸catch e { }
        ‸else { }
        if true { } else if ‸{ }
        """#,
        #"""
        x = "abc‸{
        y = "a{b‸:}"
        z = "a‸{b"
        w = "‸\q"
        v = "a‸}b"
        """#,
        #"""
        x = 1.‸.3
        y = a.‸
        z = ‸.5
        w = 5.‸
        v = ‸1e
        u = ‸0x10
        """#,
        #"""
        f(a=1, ‸2)
        f(a=1, ‸a=2)
        f(‸,)
        f(1,‸,2)
        f(a: 1)
        """#,
        #"""
        x[1] = 2
        ‸x[1][2] = 3
        ‸x.a = 3
        ‸f(x) = 3
        ‸3 = x
        [a, ‸3] = x
        """#,
        #"""
        a |>‸
        b = 3
        x = ‸|> f
        y = a |> ‸3
        z = a |> f ‸+ 1
        """#,
        #"""
        a < b ‸< c
        1:2‸:3
        not
        -
        a ^‸
        """#,
        #"""
        x = 5 ‸@ 3
        y = ‸$a
        z = a ‸? b : c
        w = ‸`a`
        v = ‸“abc”
        """#,
        #"""
        x = (a‸, b)
        y = ‸()
        z = ‸(a

        w = 3 ‸3
        """#,
        #"""
        for x in 0:3 {
          y = f‸(x,
          z = 3
        }
        w = 1 ‸1
        """#,
        #"""
        x = f‸(1, g‸(2, h(3)
        y = 4
        z = ‸= 3
        """#,
        #"""
        x = [1, 2‸)
        y = (1‸, 2‸]
        z = {a: 1‸)
        w = 3 ‸3
        """#,
        #"""
        ‸match x { }
        ‸switch x { }
        class ‸A { }
        ‸function f(x) { }
        ‸elif x { }
        """#,
        #"""
        x = a and‸
        y = b or‸
        z = not‸
        w = 3 ‸3
        """#,
        #"""
        x = 3;; y = 4 ‸4; z = 5 ‸5
        """#,
        #"""
        ‸[a, b = x
        ‸{c, d = y
        [e, ‸e] = z
        [...a, ‸...b] = w
        {...r, ‸q} = v
        """#,
        #"""
        fn f‸(x,
        y = 3

        fn g() { 3 ‸3 }
        """#,
        #"""
        fn f‸(x {
          x +‸
        }
        y = 3 ‸3
        """#,
        #"""
        if x {
          y = 1
        } else‸
        z = 3
        w = 3 ‸3
        """#,
        #"""
        while x < 3‸
          x = x + 1
        y = 3 ‸3
        """#,
        #"""
        x = 3 +‸ # note
        y = 4
        z = 3 * ‸\
         4
        """#,
        #"""
        x =‸
        y = 3
        fn f() =‸
        z = 3
        """#,
        #"""
        x = f‸(
          1,
          2

        fn g(y) {
          y
        }

        print(g(3) ‸4)
        """#,
        #"""
        r = {
          a: 1,
          b: ‸[1, 2,
          c: 3
        }
        s = 1 ‸1
        """#,
        #"""
        fn f([a, b], [‸b]) = 1
        fn g(‸[]) = 1
        fn h(...‸[a]) = 1
        x = ([a, ‸3]) -> a
        """#,
        #"""
        x = "a" ‸"b"
        y = [1, 2 ‸3]
        z = f(a ‸b)
        w = x[1 ‸2]
        v = {a: 1, ‸, b: 2}
        """#,
        #"""
        if x { y = 1 } else if ‸= 2 { y = 3 ‸3 }
        for ‸in xs { z = 4 ‸4 }
        try { a ‸b } catch { c ‸d }
        """#,
    ]) func everyMistakeIsToldAtItsPlace(_ marked: String) {
        let source = Source(name: "t.ss", text: marked.filter { $0 != "‸" } + "\n")
        let found = Parser.survey(source).mistakes.map { mistake in
            let (line, column) = source.position(at: mistake.span.start)
            return "\(line):\(column)"
        }
        var expected: [String] = []
        for (i, line) in marked.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
            var column = 1
            for character in line {
                if character == "‸" { expected.append("\(i + 1):\(column)") } else { column += 1 }
            }
        }
        #expect(found == expected, "\(Parser.survey(source).mistakes.map { $0.rendered() }.joined())")
    }

    /// What stands in the line after an operator or an open bracket is still a part of it where nothing is wrong.
    @Test(arguments: ["x = 3 +\ny", "x = [1,\na, b]", "f(1,\ny = 3)", "x = f(\nif c { 1 } else { 2 })", "[x\nfor x in xs\nif x]", "{a: 1,\nb: 2}"])
    func linesGoOn(_ text: String) { #expect(Parser.survey(Source(name: "t", text: text)).mistakes.isEmpty) }

    /// Nests of brackets beyond all reason are read twice, and in a time that grows with the text.
    @Test(.timeLimit(.minutes(1)), arguments: ["(", "[", "{", "x = (\n", "f(a,\n", "fn f() {\n", ")", "({[", "\n(", "{a: (", "[{(\n}"])
    func longTextsOfBracketsEnd(_ piece: String) {
        let survey = Parser.survey(Source(name: "t", text: String(repeating: piece, count: 200_000)))
        #expect(!survey.mistakes.isEmpty && survey.mistakes.count <= Parser.mostDiagnostics)
    }
}
