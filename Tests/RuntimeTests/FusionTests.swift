import Imaging
import Runtime
import Support
import Testing

/// A chain of operators on voxels is computed in one pass, and gives what its operators give one by one, to the last bit.
@Suite struct FusionTests {
    /// An expression as it is written, and with a call around each operator's result, which computes it on its own.
    private struct Pair {
        var fused: String
        var single: String
    }

    private struct Generator {
        var random: CounterRandom
        mutating func pick(_ n: Int) -> Int { Int(random.next() % UInt64(n)) }

        mutating func leaf() -> Pair {
            let words = ["v", "w", "m", "n", "2", "0.3", "-1.5", "0", "near", "far", "odd"]
            // Mostly images, and rarely those of another grid.
            let word = words[pick(8) < 5 ? pick(4) : pick(words.count)]
            return Pair(fused: word, single: word)
        }

        mutating func expression(_ depth: Int) -> Pair {
            if depth == 0 || pick(8) == 0 { return leaf() }
            if pick(6) == 0 {
                let op = ["-", "~"][pick(2)], a = expression(depth - 1)
                return Pair(fused: "(\(op)\(a.fused))", single: "same(\(op)\(a.single))")
            }
            let ops = ["+", "-", "*", "/", "%", "^", "<", "<=", ">", ">=", "==", "!=", "&", "|"]
            let op = ops[pick(3) > 0 ? pick(4) : pick(ops.count)]
            let a = expression(depth - 1), b = expression(depth - 1)
            return Pair(fused: "(\(a.fused) \(op) \(b.fused))", single: "same(\(a.single) \(op) \(b.single))")
        }
    }

    private static let start = """
        fn same(x) = x
        v = ramp([33, 17, 11]) * 0.37 - 900
        w = ramp([33, 17, 11]) % 7 - 3
        m = w > 0
        n = v % 5 < 2
        near = ramp([33, 17, 11], spacing=1.00001)
        far = ramp([33, 17, 11], spacing=2)
        odd = (v - v) / (v - v)
        """

    /// What a text gives, to the bit; the message of an error.
    private func outcome(_ text: String, _ session: Session) -> String {
        do {
            switch try session.run(source: text, name: "t") {
            case .volume(let v):
                var hash: UInt64 = 14_695_981_039_346_656_037
                for x in v.voxels { hash = (hash ^ UInt64(x.isNaN ? 0x7FC0_0000 : x.bitPattern)) &* 1_099_511_628_211 }
                return "volume \(v.grid.shape) \(v.grid.spacing) \(v.datatype) \(hash)"
            case .mask(let m):
                var hash: UInt64 = 14_695_981_039_346_656_037
                for x in m.voxels { hash = (hash ^ UInt64(x)) &* 1_099_511_628_211 }
                return "mask \(m.grid.shape) \(m.grid.spacing) \(hash)"
            case let value: return session.describe(value)
            }
        } catch let error as ScriptError {
            return "error: " + error.message
        } catch {
            return "\(error)"
        }
    }

    @Test func randomExpressionsAreWhatTheirOperatorsGive() throws {
        let session = makeSession()
        try session.run(source: Self.start, name: "t")
        var volumes = 0, masks = 0, errors = 0, numbers = 0
        for seed in 0..<2_000 {
            var generator = Generator(random: CounterRandom(seed: 77, stream: UInt64(seed)))
            let pair = generator.expression(1 + generator.pick(5))
            let fused = outcome(pair.fused, session), single = outcome(pair.single, session)
            #expect(fused == single, "\(pair.fused)")
            if fused.hasPrefix("volume") { volumes += 1 } else if fused.hasPrefix("mask") { masks += 1 } else if fused.hasPrefix("error") { errors += 1 } else { numbers += 1 }
        }
        #expect(volumes > 300 && masks > 50 && errors > 100 && numbers > 20, "\(volumes) \(masks) \(errors) \(numbers)")
    }

    /// More operators than one pass takes, and deeper than its blocks go.
    @Test func longExpressionsAreComputedInParts() throws {
        let session = makeSession()
        try session.run(source: Self.start, name: "t")
        let sum = (0..<300).map { "v * \($0)" }.joined(separator: " + ")
        let steps = "t = v * 0\n" + (1..<300).map { "u = v * \($0)\nt = t + u" }.joined(separator: "\n") + "\nt"
        #expect(outcome(sum, session) == outcome(steps, session))
        var nested = "v", single = "v"
        for i in 0..<60 {
            nested = "(w + \(i) - \(nested))"
            single = "same(same(w + \(i)) - \(single))"
        }
        #expect(outcome(nested, session) == outcome(single, session))
    }

    @Test func errorsPointAtTheOperator() {
        let grids = evaluate(Self.start + "\n(v + 1) * 2 - (far * 3)")
        #expect(grids.contains("(v + 1) * 2 - (far * 3)") && grids.contains("^^^^^^^^^^^^^^^^^^^^^^^"), "\(grids)")
        let masks = evaluate(Self.start + "\n1 + -(m & n) * 2")
        #expect(masks.contains("a mask has no negative") && masks.contains("~m"), "\(masks)")
        let kinds = evaluate(Self.start + "\n(v * 2 + 1) + \"x\"")
        #expect(kinds.contains("`+` cannot take a volume of 33×17×11"), "\(kinds)")
    }
}
