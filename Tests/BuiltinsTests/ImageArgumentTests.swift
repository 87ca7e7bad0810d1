import Runtime
import Testing

/// Errors of operations that are made of others name what was typed, the argument, and the number.
@Suite struct ImageArgumentTests {
    @Test(arguments: [
        ("histogram_match(v, v, points=0)", "histogram_match: `points` must be 1 … 10000, got 0"),
        ("histogram_match(v, v * (0/0))", "histogram_match: 4,096 of 4,096 voxels are NaN or infinite"),
        ("nyul_landmarks([v], percents=[50])", "nyul_landmarks: `percents` must be 2 or more"),
        ("white_stripe(v, mask=v < -1)", "white_stripe: the mask has no voxel"),
        ("bet(v * (0/0))", "bet: 4,096 of 4,096 voxels are NaN or infinite"),
        ("bet(v * 0)", "bet: every voxel has the value 0"),
        ("bet(v, threshold=0/0)", "bet: `threshold` must be between 0 and 1, got nan"),
        ("conform(v * (0/0))", "conform: 4,096 of 4,096 voxels are NaN or infinite"),
        ("conform(v, spacing=0)", "conform: `spacing` must be from 0.000001 to 1000000 mm, got 0"),
        ("denoise(v, mask=v < -1)", "denoise: the mask has no voxel"),
        ("denoise(v, search=0)", "denoise: `search` must be 1 … 10 voxels, got 0"),
        ("mean(v, mask=v < -1)", "mean: the mask has no voxel"),
        ("std(v * (0/0))", "std: 4,096 of 4,096 voxels are NaN or infinite"),
        ("normalize(v * 0, foreground=true)", "normalize: every voxel has the value 0"),
        ("bias_field(v * 0)", "bias_field: no voxel to learn from"),
        ("bias_field(v, fwhm=0)", "bias_field: `fwhm` must be 0.001 to 100, got 0"),
        ("n4(v, spline=-3)", "n4: `spline` must be above 0 mm, got -3"),
        ("percentile(v, 101)", "percentile: `percent` must be 0 … 100, got 101"),
        ("gaussian(v, -1)", "gaussian: `sigma` must be 0 mm or more, got -1"),
        ("gradient(v, axis=3)", "gradient: `axis` must be 0, 1 or 2, got 3"),
        ("histogram(v, low=0/0, high=1)", "histogram: `low` must be a finite number, got nan"),
        ("clip(v, 0/0)", "clip: `low` must be a number, or none for no bound, got nan"),
        ("clip(v, high=0/0)", "clip: `high` must be a number, or none for no bound, got nan"),
        ("threshold(v, 5, 0/0)", "threshold: `high` must be a number, or none for no bound, got nan"),
        ("threshold(v, 5, 4)", "threshold: `high` must be a number of at least low, which is 5, got 4"),
        ("rescale(v, 0/0)", "rescale: `low` must be a finite number that float32 can hold, got nan"),
        ("rescale(v, 0, 1e39)", "rescale: `high` must be a finite number that float32 can hold, got 1e+39"),
        ("rescale(v, 2, 1)", "rescale: `high` must be a number of at least low, which is 2, got 1"),
        ("erode(v > 0, -1)", "erode: `radius` must be 0 or more mm, got -1"),
        ("close(v > 0, 0/0, unit=\"voxels\")", "close: `radius` must be 0 or more voxels, got nan"),
        ("crop_to(v, v > 0, margin=-1)", "crop_to: `margin` must be 0 mm or more, got -1"),
        ("min(v, v > 0)", "min: `values` must be a volume or a number or a list of numbers, got a mask of 16×16×16"),
        ("centroid(v < -1)", "centroid: the mask has no voxel"),
        ("translate(v, [1e300, 0, 0], carry=true)", "no farther than"),
        ("affine_transform(v, [[1e9, 0, 0, 0], [0, 1, 0, 0], [0, 0, 1, 0]], carry=true)", "affine"),
    ])
    func errorsNameWhatWasTyped(code: String, said: String) throws {
        let (session, _) = makeSession()
        _ = try session.run(source: "v = phantom(seed=1, shape=16, spacing=12).image", name: "test")
        do {
            _ = try session.run(source: code, name: "test")
            Issue.record("no error")
        } catch {
            let text = session.render(error)
            #expect(text.contains(said), "\(text)")
        }
    }

    /// An error of a core is shown at the argument that it is about.
    @Test(arguments: [("percentile(v, 101)", "101"), ("gaussian(v, sigma=-1)", "-1"), ("erode(v > 0, -1)", "-1"), ("bet(v, iterations=0)", "0")])
    func errorsPointAtTheArgument(code: String, argument: String) throws {
        let (session, _) = makeSession()
        _ = try session.run(source: "v = phantom(seed=1, shape=16, spacing=12).image", name: "test")
        do {
            _ = try session.run(source: code, name: "test")
            Issue.record("no error")
        } catch {
            let lines = session.render(error).split(separator: "\n").map(String.init)
            let shown = try #require(lines.firstIndex { $0.contains(code) }), marks = lines[shown + 1]
            let start = try #require(marks.firstIndex { $0 == "^" || $0 == "─" || $0 == "~" }), end = try #require(marks.lastIndex { $0 == "^" || $0 == "─" || $0 == "~" })
            let from = marks.distance(from: marks.startIndex, to: start), to = marks.distance(from: marks.startIndex, to: end)
            let line = Array(lines[shown])
            #expect(String(line[from...min(to, line.count - 1)]).contains(argument), "\(lines)")
        }
    }
}
