import Syntax
import Testing

@Suite struct FormatterTests {
    static let root = "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/")

    /// Scripts of the repository, as paths from its root.
    static let scripts = ["examples", "stdlib", "bench", "bench/data", "bench/imaging", "bench/language"].flatMap { folder in
        listFiles(root + "/" + folder, ".ss").map { folder + "/" + $0 }
    }

    static func format(_ text: String) -> String {
        do { return try Formatter.format(Source(name: "t", text: text)) } catch { return "does not parse: \(error.rendered())" }
    }

    @Test func thereAreScripts() { #expect(Self.scripts.count >= 10) }

    @Test(arguments: scripts) func scriptsOfTheRepositoryAreLaidOut(_ path: String) throws {
        let text = try #require(readFile(Self.root + "/" + path))
        #expect(Self.format(text) == text, "\(path): run skullstrip --fmt \(path)")
    }

    /// Whatever blanks, indents and blank lines a script had, it comes out the same.
    @Test(arguments: scripts) func blanksOfTheAuthorDoNotMatter(_ path: String) throws {
        let text = try #require(readFile(Self.root + "/" + path))
        var random = SystemRandomNumberGenerator()
        for _ in 0..<20 {
            let changed = text.split(separator: "\n", omittingEmptySubsequences: false).map { Self.respaced($0, &random) }.joined(
                separator: "\n")
            #expect(Self.format(changed) == text, "from\n\(changed)")
        }
    }

    private static func respaced(_ line: Substring, _ random: inout SystemRandomNumberGenerator) -> String {
        func blanks(_ least: Int) -> String {
            String((0..<Int.random(in: least...4, using: &random)).map { _ in Bool.random(using: &random) ? " " : "\t" })
        }
        if line.isEmpty { return Bool.random(using: &random) ? "" : "\n \n" }
        let body = line.drop { $0 == " " }
        // Blanks within strings and comments belong to them.
        if body.contains("\"") || body.contains("#") { return blanks(0) + body + (body.contains("#") ? "" : blanks(0)) }
        var out = blanks(0)
        for c in body {
            switch c {
            case " ": out += blanks(1)
            case "(", ",", "[", "]", "+", ":": out += String(c) + blanks(0)
            default: out.append(c)
            }
        }
        return out + blanks(0)
    }

    @Test func layout() {
        let untidy = """


            #!/usr/bin/env skullstrip
            x=1;y =-2   # first
            longer_name = [1,2 ,3,]# second
            if x==1{
            print( "a  {  x :.3}" )
            }
            else {print("b")}


            ## Of f.
            fn   f( a,b = 2 , c=none )={a:a,if:b,"two words":[a , b],r:0:10}
            z = x
              # why
              |> f(1)

              |> g(v->{
               v+1
            }, ~m&n,not a and(b or c))
            w = a +
             b ^-c
            try{ error("x") }
            catch e {

            e.message

            } # odd
            q=v[:,:,3]+v[1:2,…,-1:-3].field . other
            for i in 0:3 {
            # within
            if i>1 and
            i<2 { print(i) }
                # at the end
            }
            xs=[
            f(x)
            for x in xs
            if x>1
            ]
            h = foo(a, {
             b: 1,   # one
               cc: 2 # two
            })
            s = if x { 1 }
            else { 2 }
            """
        let tidy = """
            #!/usr/bin/env skullstrip
            x = 1; y = -2             # first
            longer_name = [1, 2, 3,]  # second
            if x == 1 {
                print("a  {  x :.3}")
            } else { print("b") }

            ## Of f.
            fn f(a, b=2, c=none) = {a: a, if: b, "two words": [a, b], r: 0:10}
            z = x
                # why
                |> f(1)
                |> g(v -> {
                    v + 1
                }, ~m & n, not a and (b or c))
            w = a +
                b ^ -c
            try { error("x") } catch e {
                e.message
            }  # odd
            q = v[:, :, 3] + v[1:2, …, -1:-3].field.other
            for i in 0:3 {
                # within
                if i > 1 and
                    i < 2 { print(i) }
                # at the end
            }
            xs = [
                f(x)
                for x in xs
                if x > 1
            ]
            h = foo(a, {
                b: 1,  # one
                cc: 2  # two
            })
            s = if x { 1 }
                else { 2 }

            """
        #expect(Self.format(untidy) == tidy)
        #expect(Self.format(tidy) == tidy)
    }

    @Test func smallTexts() {
        #expect(Self.format("") == "")
        #expect(Self.format("\n\n") == "")
        #expect(Self.format("# only\n\n\n# comments") == "# only\n\n# comments\n")
        #expect(Self.format("\u{FEFF}x=1\r\ny=2\r\n") == "x = 1\ny = 2\n")
        #expect(Self.format("{ }") == "{}\n")
        #expect(Self.format("while true {}") == "while true { }\n")
        #expect(Self.format("f()()[ 0 ](1)") == "f()()[0](1)\n")
        #expect(Self.format("x = (-1):(-y)") == "x = (-1):(-y)\n")
        #expect(Self.format("- - 1") == "--1\n")
        #expect(throws: SyntaxErrors.self) { try Formatter.format(Source(name: "t", text: "x = (")) }
    }

    /// Any text that parses: its tokens and comments stay, and a second formatting finds nothing to do.
    @Test func anyTextKeepsItsWords() throws {
        let pieces = [
            "x", "1", "\"s {x:.2} # no\"", "(", ")", "[", "]", "{", "}", "=", "+", "-", "~", ":", ",", ".", "…", "->", "|>", ";", "\n",
            "\n", "\n\n\n", " ",
            "# c\n", "if ", "else ", "for ", " in ", "fn f", "try ", "catch ", "not ", " and ", "{ x }", "(x)", "[x]", "f(x)", "a: 1", "...x",
            "[a, ...b] = ", "{a, b: c} = ", "for [a, b] in ",
            "x = ", "return ",
        ]
        var random = SystemRandomNumberGenerator()
        var parsed = 0
        for _ in 0..<60_000 {
            let text = (0..<Int.random(in: 1...14, using: &random)).map { _ in pieces.randomElement(using: &random)! }.joined()
            let source = Source(name: "t", text: text)
            guard let once = try? Formatter.laidOut(source) else { continue }
            parsed += 1
            let made = Source(name: "t", text: once)
            #expect(Formatter.words(made) == Formatter.words(source), "\(text)")
            #expect(once.filter { $0 == "#" }.count == text.filter { $0 == "#" }.count, "\(text)")
            #expect((try? Formatter.laidOut(made)) == once, "\(text)")
        }
        #expect(parsed > 1000)
    }
}
