import Builtins
import Glibc
import Runtime
import Testing

/// Models that carry their pipeline, from the language. What a text shows, or its error.
private func shown(_ text: String, in known: (session: Session, output: Output)? = nil) -> String {
    let (session, output) = known ?? makeSession()
    let before = output.all.count
    do {
        let value = session.describe(try session.run(source: text, name: "<test>"))
        return String(output.all.dropFirst(before)) + value
    } catch {
        return session.render(error)
    }
}

@Suite(.serialized) struct PipelineTests {
    private let path = "/tmp/skullstrip-\(getpid())-pipeline.safetensors"
    private let start = """
        head = phantom(seed=1, shape=[20, 24, 22], spacing=9).image
        net = unet3d(filters=2, depth=1)

        """

    @Test func savedAndLoadedItPredictsTheSame() {
        let (session, output) = makeSession()
        defer { unlink(path) }
        // Values, a function of the script, one of the library, defaults.
        let made = shown(
            start + """
                size = [16, 20, 18]
                fn squash(v, power=0.5) = abs(v) ^ power
                model = pipeline(net, prepare = v -> v |> resample(shape=size, spacing=11) |> squash() |> preprocess(shape=size, spacing=11, bias=false), threshold=0.45,
                    volume=[1, 9000])
                save(model, "\(path)")
                a = predict(model, head, qc=true, probability=true)
                [a.mask.shape, a.qc.verdict, min(a.probability) >= 0]
                """, in: (session, output))
        #expect(made.hasPrefix("[[20, 24, 22], \""), "\(made)")
        let found = shown(
            "b = predict(load(\"\(path)\"), head, qc=true, probability=true)\n[dice(a.mask, b.mask), a.qc == b.qc, max(abs(a.probability - b.probability))]",
            in: (session, output))
        #expect(found == "[1, true, 0]", "\(found)")
        // In another session, where neither the names nor the functions of this one exist.
        let elsewhere = shown(
            start + "m = load(\"\(path)\")\np = predict(m, head)\n[p.count, m.pipeline.threshold, m.pipeline.volume, kind(m.program)]")
        let here = shown("[a.mask.count, 0.45, [1, 9000], \"string\"]", in: (session, output))
        #expect(elsewhere == here, "\(elsewhere)")
        #expect(shown("print(load(\"\(path)\").pipeline.recipe)", in: (session, output)).contains("fn preprocess(image"))
    }

    @Test func recipesOnlyCompute() {
        for (body, told) in [
            ("{ save(v, \"/tmp/never.nii\")\n v }", "the model's recipe calls save, and may only compute"),
            ("v + load(\"/etc/hostname\")", "the model's recipe calls load, and may only compute"),
            ("{ print(\"x\")\n v }", "calls print, and may only compute"), ("{ make_folder(\"/tmp/never\")\n v }", "calls make_folder"),
            ("{ threads(1)\n v }", "calls threads"), ("{ fit(unet3d(filters=2, depth=1), [], epochs=1)\n v }", "calls input"),
            ("{ try { print(\"x\") } catch e { error(\"caught: \" + e.message) } }", "caught: the model's recipe calls print"),
            ("{ xs = map([v], print)\n v }", "calls print"),
            ("{ while true { }\n v }", "goes on for more than 200,000,000 calls"), ("3", "must give a volume, and gave a number 3"),
            ("v > 1", "must give a volume, and gave a mask"), ("error(\"no\")", "no"),
            ("resample(v, shape=[2000, 2000, 2000], spacing=1)", "2000×2000×2000"),
        ] {
            let found = shown(start + "predict(pipeline(net, prepare = v -> \(body)), head)")
            #expect(found.contains(told), "\(body): \(found)")
        }
        // After a refusal, and after a recipe that ended well, the session may do all that it could.
        let (session, output) = makeSession()
        let found = shown(
            start
                + "r = try { predict(pipeline(net, prepare = v -> print(v)), head) } catch e { print(\"free\") }\npredict(pipeline(net, prepare = v -> v), head)\nprint(\"free\")",
            in: (session, output))
        #expect(found == "free\nfree\n", "\(found)")
    }

    @Test func whatAPipelineCannotHold() {
        for (call, told) in [
            ("prepare = v -> v - head", "reads `head`, which holds a volume"),
            ("prepare = v -> v |> unknown()", "reads `unknown`, which has no value"),
            ("threshold=2", "`threshold` must be from 0 to 1, got 2"), ("volume=[3]", "`volume` must be"), ("volume=[9, 3]", "`volume` must be"),
            ("limits={flop: 0.1}", "did you mean `flip`?"), ("limits={flip: 3}", "`limits` must be"), ("overlap=0.95", "`overlap` must be from 0 to 0.9, got 0.95"),
            ("prepare = 3", "`prepare` must be a function"),
        ] {
            let found = shown(start + "pipeline(net, \(call))")
            #expect(found.contains(told), "\(call): \(found)")
        }
    }

    @Test func partsOfAPipelineCanBeChanged() {
        let found = shown(
            start + """
                a = pipeline(net, prepare = v -> v / 2, threshold=0.3, volume=[5, 6], limits={entropy: 0.5})
                b = pipeline(a, threshold=0.4, window=16)
                p = b.pipeline
                [p.recipe, p.threshold, p.volume, p.limits.entropy, p.window, a.pipeline.threshold, net.pipeline, p.largest]
                """)
        #expect(found == "[\"v -> v / 2\", 0.4, [5, 6], 0.5, [16, 16, 16], 0.3, none, true]", "\(found)")
    }

    /// A file that is not ours may hold any text for a recipe.
    @Test func recipesFromElsewhere() throws {
        defer { unlink(path) }
        for (recipe, told) in [
            ("v ->", "the model's recipe:1:"), ("3", "the model's recipe is a number 3, and must be a function"),
            ("save([], \\\"x\\\")", "calls save"),
            ("(() -> { while true { } })()", "goes on for more than"), ("import \\\"x.ss\\\"", "imports \"x.ss\", and may only compute"),
            ("v -> args", "must give a volume, and gave an empty list"),
        ] {
            let graph =
                "[{\\\"kind\\\":\\\"input\\\",\\\"inputs\\\":[],\\\"channels\\\":1},{\\\"kind\\\":\\\"sigmoid\\\",\\\"inputs\\\":[0]}]"
            let pipeline =
                "{\\\"version\\\":1,\\\"recipe\\\":\\\"\(recipe.split(separator: "\\\"", omittingEmptySubsequences: false).joined(separator: "\\\\\\\""))\\\"}"
            let header = Array(
                "{\"__metadata__\":{\"format\":\"skullstrip-model\",\"version\":\"1\",\"graph\":\"\(graph)\",\"pipeline\":\"\(pipeline)\"}}"
                    .utf8)
            let bytes = (0..<8).map { UInt8(header.count >> (8 * $0) & 255) } + header
            let file = try #require(fopen(path, "wb"))
            fwrite(bytes, 1, bytes.count, file)
            fclose(file)
            let found = shown("predict(load(\"\(path)\"), phantom(seed=1, shape=8, spacing=20).image)")
            #expect(found.contains(told), "\(recipe): \(found)")
        }
    }

    @Test func filesOfSeveralImages() {
        let image = "/tmp/skullstrip-\(getpid())-series.nii"
        defer { unlink(image) }
        let found = shown(
            start + "save([head, head * 0, head], \"\(image)\")\nm = pipeline(net, prepare = v -> normalize(v), largest=false)\n"
                + "[dice(predict(m, \"\(image)\"), predict(m, head)), max(abs(probability(m, \"\(image)\") - predict(m, head, probability=true))), max(abs(prepared(m, \"\(image)\") - normalize(head)))]"
        )
        #expect(found == "[1, 0, 0]", "\(found)")
        #expect(shown(start + "predict(net, \"/nowhere.nii\")").contains("/nowhere.nii"))
        #expect(shown(start + "predict(net, [head])").contains("`image` must be a volume or a string"))
        #expect(shown(start + "predict(net, head, overlap=0.2)").contains("`overlap` must be given with window"))
        #expect(shown(start + "predict(net, head, window=9)").contains("`window` must be divisible by 2×2×2 for this network, got 9×9×9"))
        #expect(shown(start + "predict(net, head, threshold=-1)").contains("`threshold` must be a number from 0 to 1"))
    }

    @Test func weightsByName() {
        let weights = "/tmp/skullstrip-\(getpid())-weights.safetensors"
        defer { unlink(weights) }
        let (session, output) = makeSession()
        let made = shown(
            start + "save(net, \"\(weights)\")\nother = unet3d(filters=2, depth=1, seed=5)\n"
                + "n = load_weights(other, \"\(weights)\")\n[n == length(weights(net)), max(abs(probability(other, head) - probability(net, head)))]",
            in: (session, output))
        #expect(made == "[true, 0]", "\(made)")
        let mapped = shown(
            "x = input()\nsmall = model(x, conv3d(x, 2) |> sigmoid())\n"
                + "load_weights(small, \"\(weights)\", map = n -> if n == \"layer.1.conv3d.weight\" { \"1.weight\" } else { none }, partial=true)",
            in: (session, output))
        #expect(mapped == "1", "\(mapped)")
        let record = shown(
            "load_weights(small, \"\(weights)\", map={\"layer.1\": \"1\", \"layer.1.conv3d\": \"layer.1\"}, partial=true)",
            in: (session, output))
        #expect(record == "2", "\(record)")
        let missing = shown("load_weights(small, \"\(weights)\", map = n -> none)", in: (session, output))
        #expect(missing.contains("missing for the network: layer.1.conv3d.weight, layer.1.conv3d.bias"), "\(missing)")
        #expect(
            shown("load_weights(small, \"\(weights)\", map = n -> 3)", in: (session, output)).contains(
                "`map` must be something that gives a string or none"))
    }
}
