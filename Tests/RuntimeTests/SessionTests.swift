import Glibc
import Runtime
import Support
import Testing

/// Ctrl-C after so many microseconds; to be joined.
private func interrupt(after microseconds: Int) -> pthread_t {
    var thread = pthread_t()
    pthread_create(
        &thread, nil,
        { wait in
            usleep(UInt32(UInt(bitPattern: wait)))
            Interrupt.raise()
            return nil
        }, UnsafeMutableRawPointer(bitPattern: microseconds))
    return thread
}

@Suite struct SessionTests {
    /// A folder of its own with these files.
    func folder(_ files: [String: String]) -> String {
        var template = Array("/tmp/strip-tests-XXXXXX".utf8CString)
        _ = mkdtemp(&template)
        let path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        for (name, text) in files {
            let parts = name.split(separator: "/")
            if parts.count > 1 { mkdir(path + "/" + parts[0], 0o755) }
            writeFile(path + "/" + name, text)
        }
        return path
    }

    func run(_ path: String, _ session: Session, _ sink: Sink) -> String {
        do {
            let value = try session.run(file: path)
            return sink.take() + session.describe(value)
        } catch {
            return sink.take() + session.render(error)
        }
    }

    @Test func importsBindTopLevelNames() {
        let path = folder([
            "main.ss": "import \"lib.ss\"\nimport \"sub/more.ss\"\n[double(4), third, hidden()]",
            "lib.ss": "print(\"once\")\n_secret = 5\nfn double(x) = 2 * x\nfn hidden() = _secret",
            "sub/more.ss": "import \"../lib.ss\"\nthird = double(1.5)",
        ])
        let sink = Sink()
        let session = makeSession(sink)
        #expect(run(path + "/main.ss", session, sink) == "once\n[8, 3, 5]")
        #expect(shown("_secret", in: session, sink).contains("there is no name `_secret`"))
        // A library's functions read their own file's names, whatever the importer binds.
        #expect(shown("double = 3\n_secret = 9\nhidden()", in: session, sink) == "5\n")
    }

    @Test func importsInACircleAreErrors() {
        let path = folder([
            "a.ss": "import \"b.ss\"", "b.ss": "import \"c.ss\"", "c.ss": "import \"a.ss\"", "self.ss": "import \"self.ss\"",
        ])
        let sink = Sink()
        #expect(run(path + "/a.ss", makeSession(sink), sink).contains("imports go in a circle: a.ss → b.ss → c.ss → a.ss"))
        #expect(run(path + "/self.ss", makeSession(sink), sink).contains("imports go in a circle: self.ss → self.ss"))
    }

    @Test func mistakesInImportsShowTheirFile() {
        let path = folder([
            "main.ss": "import \"bad.ss\"", "bad.ss": "x = 1\ny = 1 +* 2\nz = )", "run.ss": "import \"fails.ss\"",
            "fails.ss": "\nx = 1 + \"a\"",
        ])
        let sink = Sink()
        let syntax = run(path + "/main.ss", makeSession(sink), sink)
        #expect(
            syntax.contains("bad.ss:2:8") && syntax.contains("(and 1 more mistake in this file)")
                && syntax.contains("called from \(path)/main.ss:1:1"))
        let runtime = run(path + "/run.ss", makeSession(sink), sink)
        #expect(runtime.contains("fails.ss:2:7") && runtime.contains("in a call of import \"fails.ss\""))
    }

    @Test func filesThatCannotBeRun() {
        let sink = Sink()
        let session = makeSession(sink)
        let path = folder(["latin.ss": "x = 1"])
        #expect(run(path + "/none.ss", session, sink).contains("there is no file"))
        #expect(run(path, session, sink).contains("is a directory"))
    }

    @Test func theSessionOutlivesErrors() {
        let sink = Sink()
        let session = makeSession(sink)
        _ = shown("x = 1\ny = x + \"a\"", in: session, sink)
        #expect(shown("x", in: session, sink) == "1\n")
        #expect(session.userNames == ["x"])
        session.define("ans", 42)
        #expect(shown("ans + x", in: session, sink) == "43\n")
        #expect(session.names.contains("sqrt") && session.names.contains("ans"))
        session.reset()
        #expect(session.userNames.isEmpty)
    }

    /// In a process of its own, since the flag is one for all threads.
    @Test func interruptStopsALoop() async {
        await #expect(processExitsWith: .success) {
            let session = makeSession()
            let thread = interrupt(after: 100_000)
            // `try` does not swallow it.
            #expect(throws: Interrupted.self) { try session.run(source: "n = 0\nwhile true { try { n = n + 1 } catch { 0 } }", name: "t") }
            pthread_join(thread, nil)
            Interrupt.clear()
            let lives = try session.run(source: "n > 0", name: "t")
            #expect(lives.text == "true")
        }
    }

    /// Nor is it told in one line, as what is no table.
    @Test func interruptStopsATable() async {
        await #expect(processExitsWith: .success) {
            let session = makeSession()
            let rows = try session.run(source: "[{id: k, x: k / 3} for k in 0:10]", name: "t")
            Interrupt.raise()
            #expect(throws: Interrupted.self) { try session.echo(rows) }
            #expect(throws: Interrupted.self) { try rows.table() }
            Interrupt.clear()
            #expect(try session.echo(rows).hasPrefix("id"))
        }
    }

    /// A long text is left wherever it is, with mistakes or without.
    @Test func interruptStopsReading() async {
        await #expect(processExitsWith: .success) {
            let session = makeSession()
            for text in ["a = = 1\n", "a = 1\n", "fn f(x) = x + 1\n", "f(1)\n"] {
                let script = Array(String(repeating: text, count: 20_000).utf8)
                Interrupt.raise()
                #expect(throws: Interrupted.self, "\(text)") { try session.run(bytes: script, name: "t") }
                #expect(throws: Interrupted.self, "\(text)") { try session.check(bytes: script, name: "t") }
                Interrupt.clear()
            }
            #expect((try? session.run(source: "[a for a in 0:3]", name: "t"))?.text == "[0, 1, 2]")
        }
    }

    /// What is given up is freed on another thread; what the session keeps is whole.
    @Test func interruptKeepsValues() async {
        await #expect(processExitsWith: .success) {
            let session = makeSession()
            try session.run(source: "xs = [\"a string that is kept on the heap, {k}\" for k in 0:100000]\nlast = xs[99999]\nys = xs", name: "t")
            for turn in 0..<20 {
                let thread = interrupt(after: 5_000 + 2_000 * turn)
                #expect(throws: Interrupted.self) {
                    try session.run(source: "while true { ys = [...xs, {n: last}, [x for x in xs]]; zs = [{text: x} for x in ys] }", name: "t")
                }
                pthread_join(thread, nil)
                Interrupt.clear()
                let kept = try session.run(source: "[length(xs), xs[99999] == last, length([x for x in xs if x == last]), length(ys) > 99999]", name: "t")
                #expect(kept.text == "[100000, true, 1, true]")
            }
        }
    }

    /// What is freed beside may be nested as deep as values are, behind lists that are long enough to be handed over. Closures that hold one another
    /// by variables that were bound anew may be nested without a bound.
    @Test func interruptFreesDeepValues() async {
        await #expect(processExitsWith: .success) {
            let session = makeSession()
            let makers = """
                fn lists() { d = [0]; for k in 0:4990 { d = [...[0] * 64, d] }; return d }
                fn closure(v) { x = none; f = () -> x; x = v; return f }
                fn closures() { d = 1; for k in 0:40000 { d = closure(d) }; return d }
                """
            #expect(throws: Never.self) { try session.run(source: makers, name: "t") }
            for maker in ["lists", "closures"] {
                let thread = interrupt(after: 500_000)
                #expect(throws: Interrupted.self) {
                    try session.run(source: "fn go() { x = [...[0] * 100, \(maker)()]; while true { } }\ngo()", name: "t")
                }
                pthread_join(thread, nil)
                usleep(200_000)
                Interrupt.clear()
            }
            #expect((try? session.run(source: "length([1, 2])", name: "t"))?.text == "2")
        }
    }

    @Test func libraryFunctions() throws {
        let sink = Sink()
        let session = makeSession(
            sink,
            prelude: [
                ("one.ss", "## Half of `x`.\nfn half(x, by=2) = divide(x, by)"), ("two.ss", "fn divide(a, b) = a / b"),
            ])
        #expect(shown("half(3)", in: session, sink) == "1.5\n")
        // What the user calls `divide` is not the library's.
        #expect(shown("divide = 1\nhalf(3)", in: session, sink) == "1.5\n")
        // An error inside the library is shown at the user's call.
        #expect(shown("y = half(\"a\")", in: session, sink).contains("<prompt>:1:5"))
        #expect(session.help("half") == "half(x, by=2)\n\n  Half of `x`.\n")
        #expect(session.help("no_such_name") == nil)
        let bad = makeSession(sink, prelude: [("bad.ss", "x = = 1")])
        #expect(throws: (any Error).self) { try bad.run(source: "1", name: "t") }
    }

    @Test func help() {
        let text = makeSession().help("resize") ?? ""
        #expect(
            text.hasPrefix(
                "resize(image: volume, mask: mask = none, interpolation: \"nearest\"|\"linear\"|\"cubic\" = \"linear\", steps: list of whole numbers = [50, 50], width: number = 0.15)\n\n  Pretend to resample.\n"
            ))
        #expect(text.contains("  width          in mm (number, default 0.15)\n"))
        #expect(text.contains("  interpolation  how (\"nearest\" or \"linear\" or \"cubic\", default \"linear\")\n"))
        #expect(makeSession().help("error")?.contains("strip> try { error(\"no brain\"") == true)
        #expect(makeSession().overview().contains("\n  print"))
    }

    @Test func examplesOfTheLanguageItselfHold() {
        for builtin in Language.builtins {
            for example in builtin.examples {
                guard let expected = example.shows else { continue }
                #expect(evaluate(example.code) == (expected.isEmpty ? "" : expected + "\n"), "\(builtin.name): \(example.code)")
            }
        }
    }

    @Test func valuesAreSmall() { #expect(MemoryLayout<Value>.stride <= 24) }

    @Test func growingDoesNotTouchOtherHolders() {
        #expect(evaluate("a = [1]\nb = a\na = a + [2]\n[a, b]") == "[[1, 2], [1]]\n")
        #expect(evaluate("fn f(xs) { xs = xs + [9]\nxs }\na = [1]\n[f(a), a]") == "[[1, 9], [1]]\n")
        #expect(evaluate("a = [1]\na = a + a\na = a + a\na") == "[1, 1, 1, 1]\n")
        #expect(evaluate("s = \"a\"\nt = s\ns = s + \"b\"\n[s, t]") == "[\"ab\", \"a\"]\n")
        #expect(evaluate("a = [1]\ntry { a = a + 2 } catch { 0 }\na") == "[1]\n")
        #expect(evaluate("xs = []\nfor i in 0:3 { xs = xs + [() -> xs] }\nlength(xs[0]())") == "3\n")
        #expect(evaluate("fn f() { xs = []\nfor i in 0:3 { xs = xs + [() -> xs] }\nlength(xs[0]()) }\nf()") == "3\n")
    }
}
