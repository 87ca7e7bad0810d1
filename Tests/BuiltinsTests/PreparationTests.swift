import Glibc
import Runtime
import Support
import Testing

/// Functions of a script that prepare batches in the background, and results that are kept on disk.
@Suite(.serialized) struct PreparationTests {
    private static let setup = """
        net = unet3d(filters=2, depth=1)
        fn head(i) = phantom(seed=i, shape=16, spacing=12)
        fn made(r, seed) {
          h = head(r.i)
          ({image: normalize(noise(h.image, sigma=20, seed=seed)), mask: h.mask})
        }
        train = [{id: "s{i}", i: i} for i in 0:4]
        """

    private func result(_ code: String) throws -> String {
        let (session, _) = makeSession()
        do {
            return session.describe(try session.run(source: Self.setup + "\n" + code, name: "test"))
        } catch {
            return session.render(error)
        }
    }

    /// The same records prepared beforehand with the seeds that the training hands out train the same network, bit for bit.
    @Test func preparingInTheBackgroundIsPreparingBeforehand() throws {
        let code = """
            a = fit(net, train, valid=train, prepare=made, epochs=2, batch=2, seed=9)
            b = fit(unet3d(filters=2, depth=1), train, valid=train, prepare=made, epochs=2, batch=2, seed=9)
            fn plain(r) = ({image: normalize(head(r.i).image), mask: head(r.i).mask})
            c = fit(unet3d(filters=2, depth=1), train, valid=train, prepare=plain, epochs=2, batch=2, seed=9)
            d = fit(unet3d(filters=2, depth=1), [plain(r) for r in train], valid=[plain(r) for r in train], epochs=2, batch=2, seed=9)
            fn losses(run) = [[h.loss, h.valid_loss] for h in run.history]
            [losses(a) == losses(b), losses(c) == losses(d), losses(a) == losses(c)]
            """
        #expect(try result(code) == "[true, true, false]")
    }

    @Test(arguments: [
        ("r -> r.nothing", "`nothing`"), ("r -> 3", "must make a record {image, mask} of a subject, and made a number 3"),
        ("r -> ({image: 3})", "of s"), ("() -> 3", "a function of a record, or of a record and a seed"),
        ("(r, s) -> r", "argument `s` is missing"), ("r -> fit(net, train)", "is being trained"),
        ("r -> predict(net, head(1).image)", "is being trained"), ("r -> error(\"own\")", "own"),
        ("r -> ({image: head(1).image, mask: phantom(seed=1, shape=8, spacing=12).mask})", "image and mask of s"),
    ])
    func whatGoesWrongIsSaid(prepare: String, said: String) throws {
        let text = try result("fit(net, train, prepare=\(prepare), epochs=1)")
        #expect(text.contains(said), "\(text)")
        #expect(text.contains("error:"), "\(text)")
    }

    @Test func interruptedPreparationEnds() throws {
        defer { Interrupt.clear() }
        var thread = pthread_t()
        pthread_create(
            &thread, nil,
            { _ in
                usleep(200_000)
                Interrupt.raise()
                return nil
            }, nil)
        pthread_detach(thread)
        let text = try result("fn endless(r) { while true { x = 1 } }\nfit(net, train, prepare=endless).stopped")
        #expect(text.contains("true") || text.contains("interrupted"), "\(text)")
    }

    private func folder(_ name: String) -> String {
        let path = "/tmp/skullstrip-\(name)-\(getpid())"
        if let names = try? FileSystem.list(path) { for name in names { unlink(path + "/" + name) } }
        return path
    }

    /// A result is computed once: printing tells whether the function ran.
    private func printed(_ code: String) throws -> String {
        let (session, output) = makeSession()
        do { try session.run(source: code, name: "test") } catch { return session.render(error) }
        return output.all
    }

    @Test func resultsAreKeptByContent() throws {
        let kept = folder("cache")
        let code = """
            k = 2
            fn work(v, add=1) {
              print("ran")
              {image: v * k + add, mask: v > 100, text: "é", list: [1, none, true, 2:5], big: 1e300}
            }
            quick = cached(work, "\(kept)")
            v = phantom(seed=1, shape=[7, 9, 11], spacing=20).image
            a = quick(v)
            b = quick(v, add=1 + 0)
            c = quick(v)
            print(max(a.image - c.image), dice(a.mask, c.mask), a.text == c.text, a.list, a.big)
            print(c.image.spacing, c.image.datatype)
            d = quick(v * 2)
            k = 3
            e = quick(v)
            print(max(e.image - a.image) > 0)
            """
        #expect(try printed(code) == "ran\nran\n0 1 true [1, none, true, 2:5] 1e+300\n[20, 20, 20] float32\nran\nran\ntrue\n")
        // Another session finds everything; another text of the function finds nothing.
        #expect(try printed(code) == "0 1 true [1, none, true, 2:5] 1e+300\n[20, 20, 20] float32\ntrue\n")
        #expect(try printed(code.replacing("v * k", with: "v*k")).hasPrefix("ran\n"))
        // A damaged file counts as missing.
        for name in try FileSystem.list(kept) {
            let file = fopen(kept + "/" + name, "r+b")
            fseek(file, 60, SEEK_SET)
            fputc(0xA5, file)
            fclose(file)
        }
        #expect(try printed(code).hasPrefix("ran\nran\n0 1"))
    }

    @Test func filesCountByTheirBytes() throws {
        let kept = folder("cache-files"), data = folder("cache-data")
        try FileSystem.makeFolder(data)
        let code = """
            save(phantom(seed=args_seed, shape=8, spacing=20).image, "\(data)/head.nii.gz")
            fn prepared(r) {
              print("ran")
              ({image: load(r.image)})
            }
            quick = cached(prepared, "\(kept)")
            x = quick({image: "\(data)/head.nii.gz"})
            x = quick({image: "\(data)/head.nii.gz"})
            """
        func run(_ seed: Int) throws -> String { try printed(code.replacing("args_seed", with: "\(seed)")) }
        let found = [try run(1), try run(1), try run(2), try run(1)]
        #expect(found == ["ran\n", "", "ran\n", ""])
    }

    @Test(arguments: [
        ("v = phantom(seed=1, shape=8, spacing=20).image\ncached(x -> x + v, F)", "cannot be written as text"),
        ("cached(x -> unet3d(filters=2, depth=1), F)(3)", "cannot be kept"), ("cached(print, F)", "any number of arguments"),
        ("cached(x -> x, \"\")", "the name of a folder"), ("cached(x -> x, F)()", "missing"), ("cached(x -> error(\"own\"), F)(1)", "own"),
    ])
    func whatCannotBeKeptIsSaid(code: String, said: String) throws {
        let text = try printed(code.replacing("F", with: "\"\(folder("cache-odd"))\""))
        #expect(text.contains(said), "\(text)")
    }

    @Test func aKeptFunctionPreparesBatches() throws {
        let kept = folder("cache-fit")
        let text = try result(
            """
            quick = cached(made, "\(kept)")
            a = fit(net, train, prepare=quick, epochs=1, batch=2, seed=9)
            b = fit(unet3d(filters=2, depth=1), train, prepare=quick, epochs=1, batch=2, seed=9)
            c = fit(unet3d(filters=2, depth=1), train, prepare=made, epochs=1, batch=2, seed=9)
            [a.history[0].loss == b.history[0].loss, a.history[0].loss == c.history[0].loss, length(files("\(kept)"))]
            """)
        #expect(text == "[true, true, 4]")
    }
}

extension String {
    fileprivate func replacing(_ old: String, with new: String) -> String {
        var out = "", rest = self[...]
        while let range = rest.firstRange(of: old) {
            out += rest[..<range.lowerBound] + new
            rest = rest[range.upperBound...]
        }
        return out + rest
    }
}
