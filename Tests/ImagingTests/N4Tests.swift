import Glibc
import Imaging
import Support
import Testing

/// A stored uncompressed NIfTI file of Tests/Reference/n4 (int16 or float32, little-endian), read without the code under test.
private func reference(_ name: String) throws -> (shape: SIMD3<Int>, values: [Float]) {
    let folder = #filePath.split(separator: "/").dropLast(2).joined(separator: "/")
    let path = "/\(folder)/Reference/n4/\(name)"
    let file = try #require(fopen(path, "rb"), "no \(path)")
    defer { fclose(file) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    bytes.removeLast(bytes.count - fread(&bytes, 1, bytes.count, file))
    return bytes.withUnsafeBytes { b in
        func short(_ at: Int) -> Int { Int(b.loadUnaligned(fromByteOffset: at, as: Int16.self)) }
        let shape = SIMD3(short(42), short(44), short(46))
        let count = shape.x * shape.y * shape.z
        return (
            shape,
            (0..<count).map {
                short(70) == 4 ? Float(short(352 + 2 * $0)) : b.loadUnaligned(fromByteOffset: 352 + 4 * $0, as: Float.self)
            }
        )
    }
}

private func volume(_ shape: SIMD3<Int>, _ value: (Int, Int, Int) -> Float) throws -> Volume {
    let grid = try Grid(shape: shape, affine: .identity)
    var voxels: [Float] = []
    for k in 0..<shape.z { for j in 0..<shape.y { for i in 0..<shape.x { voxels.append(value(i, j, k)) } } }
    return Volume(grid: grid, voxels: voxels)
}

/// A shaded image of two tissues.
private func shaded(_ shape: SIMD3<Int>) throws -> Volume {
    let random = CounterRandom(seed: 3)
    return try volume(shape) { i, j, k in
        let tissue: Double = (i / 3 + j / 4 + k / 2) % 2 == 0 ? 100 : 160
        let slope = SIMD3(0.03, -0.02, 0.01) * SIMD3(Double(i), Double(j), Double(k))
        let field = exp(slope.sum())
        return Float(tissue * field * (1 + 0.03 * random.normal(at: UInt64(i + 100 * j + 10000 * k))))
    }
}

private func mask(_ v: Volume, _ test: (Float) -> Bool) -> Mask { Mask(grid: v.grid, voxels: v.voxels.map { test($0) ? 1 : 0 }) }

private func options(_ change: (inout N4.Options) -> Void) -> N4.Options {
    var o = N4.Options()
    change(&o)
    return o
}

@Suite struct N4ReferenceTests {
    /// Largest difference of log fields within the mask, and the differences' mean and deviation.
    private func compare(_ name: String, _ options: N4.Options) throws -> (worst: Double, mean: Double, deviation: Double) {
        let head = try reference("head.nii"), expected = try reference("field_\(name).nii")
        let image = Volume(grid: try Grid(shape: head.shape, affine: Affine(spacing: [4, 4, 4])), voxels: head.values)
        let mask = mask(image) { $0 > 60 }
        let field = try N4.correct(image, mask: mask, options: options).field()
        var worst = 0.0, sum = 0.0, squares = 0.0, count = 0.0
        for k in 0..<expected.shape.z {
            for j in 0..<expected.shape.y {
                for i in 0..<expected.shape.x where mask[2 * i, 2 * j, 2 * k] {
                    let theirs = expected.values[i + expected.shape.x * (j + expected.shape.y * k)]
                    let d = Double(logf(field[2 * i, 2 * j, 2 * k]) - theirs)
                    worst = max(worst, abs(d))
                    sum += d
                    squares += d * d
                    count += 1
                }
            }
        }
        #expect(count > 3000)
        let mean = sum / count
        return (worst, mean, (squares / count - mean * mean).squareRoot())
    }

    @Test func equalsSimpleITK() throws {
        let d = try compare(
            "full",
            options {
                $0.shrink = .one; $0.iterations = [20, 10]
            })
        #expect(d.worst < 2e-5, "\(d)")
    }

    @Test func equalsSimpleITKOverFourLevels() throws {
        let d = try compare(
            "default",
            options {
                $0.shrink = .one; $0.convergence = 0.001
            })
        #expect(d.worst < 2e-4, "\(d)")
    }

    @Test func equalsSimpleITKWithOtherMeshAndHistogram() throws {
        let d = try compare(
            "mesh",
            options {
                $0.shrink = .one
                $0.iterations = [10, 5]
                $0.splineMesh = [2, 1, 3]
                $0.bins = 64
                $0.fwhm = 0.25
                $0.wiener = 0.02
            })
        #expect(d.worst < 2e-5, "\(d)")
    }

    /// SimpleITK stretches the thinned image's spline over the whole image, up to half a thinned voxel beside its place.
    @Test func nearSimpleITKWhenThinned() throws {
        let d = try compare(
            "shrink",
            options {
                $0.shrink = [2, 2, 2]; $0.iterations = [20, 10]
            })
        #expect(abs(d.mean) < 0.015 && d.deviation < 0.005, "\(d)")
    }

    @Test(arguments: [11, 12]) func findsAKnownField(seed: UInt64) throws {
        let head = try Phantom.make(
            seed: seed, shape: [64, 80, 80], spacing: [3, 3, 3], options: .init(noise: 0.02, bias: 0.25))
        let field = try N4.correct(head.image, mask: head.mask, options: options { $0.shrink = [2, 2, 2] }).field()
        let brain = head.mask.voxels.indices.filter { head.mask.voxels[$0] == 1 }
        func deviation(_ values: [Double]) -> Double {
            let mean = values.reduce(0, +) / Double(values.count)
            return (values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)).squareRoot()
        }
        let before = deviation(brain.map { Double(logf(head.bias.voxels[$0])) })
        let after = deviation(brain.map { Double(logf(head.bias.voxels[$0] / field.voxels[$0])) })
        #expect(after < before * 0.5, "deviation of the log field \(before) before, \(after) after")
    }
}

@Suite struct N4PartsTests {
    @Test func fourierEqualsItsDefinition() {
        let random = CounterRandom(seed: 1)
        let x = (0..<32).map { random.normal(at: UInt64($0)) }
        let fourier = Fourier(32)
        let spectrum = fourier.forward(x)
        for k in 0..<32 {
            let re = x.indices.reduce(0.0) { $0 + x[$1] * cos(2 * .pi * Double(k * $1) / 32) }
            let im = x.indices.reduce(0.0) { $0 - x[$1] * sin(2 * .pi * Double(k * $1) / 32) }
            #expect(abs(spectrum.real[k] - re) < 1e-12 && abs(spectrum.imaginary[k] - im) < 1e-12)
        }
        let back = fourier.inverse(spectrum)
        for i in x.indices { #expect(abs(back[i] - x[i]) < 1e-13) }
    }

    @Test func exponentials() {
        for i in -4000...4000 {
            let x = Float(i) * 0.0199
            let y = Double(FastExp.exp(SIMD8(repeating: x))[3]), expected = exp(Double(x))
            #expect(abs(y - expected) <= 4e-7 * expected, "exp(\(x))")
            let z = x * 0.01
            #expect(abs(Double(FastExp.minusOne(z)) - expm1(Double(z))) <= 3e-7 * abs(expm1(Double(z))))
        }
        #expect(FastExp.exp(SIMD8(repeating: 1e30))[0].isFinite)
        #expect(FastExp.exp(SIMD8(repeating: -1e30))[0] > 0)
    }

    /// The cubic B-spline by its recursion over knots (de Boor), as an independent statement of the basis.
    private func basis(_ i: Int, _ degree: Int, _ t: Double) -> Double {
        if degree == 0 { return t >= Double(i) && t < Double(i + 1) ? 1 : 0 }
        let d = Double(degree)
        return (t - Double(i)) / d * basis(i, degree - 1, t) + (Double(i) + d + 1 - t) / d * basis(i + 1, degree - 1, t)
    }

    private func evaluate(_ lattice: SplineLattice, _ p: SIMD3<Double>) -> Double {
        var sum = 0.0
        for c in 0..<lattice.size.z {
            for b in 0..<lattice.size.y {
                for a in 0..<lattice.size.x {
                    let w = basis(a - 3, 3, p.x) * basis(b - 3, 3, p.y) * basis(c - 3, 3, p.z)
                    sum += w * Double(lattice.values[a + lattice.size.x * (b + lattice.size.y * c)])
                }
            }
        }
        return sum
    }

    private func random(_ size: SIMD3<Int>, scale: Double = 1) -> SplineLattice {
        let random = CounterRandom(seed: 9)
        return SplineLattice(size: size, values: (0..<size.x * size.y * size.z).map { Float(scale * random.normal(at: UInt64($0))) })
    }

    @Test func refinementIsExact() {
        let coarse = random([4, 5, 7])
        let fine = coarse.refined()
        #expect(fine.size == [5, 7, 11])
        let twice = fine.refined()
        for p: SIMD3<Double> in [[0, 0, 0], [0.3, 1.7, 3.2], [0.99, 0.5, 2], [0.5, 1, 3.999]] {
            let expected = evaluate(coarse, p)
            #expect(abs(evaluate(fine, p * 2) - expected) < 1e-6)
            #expect(abs(evaluate(twice, p * 4) - expected) < 1e-6)
        }
    }

    @Test func fieldEqualsTheSplineAtEachVoxel() throws {
        let lattice = random([5, 4, 6], scale: 0.4)
        let image = try shaded([13, 7, 9])
        let field = try lattice.exponential(over: image.grid.shape), corrected = try lattice.divide(image.voxels, over: image.grid.shape)
        for k in 0..<9 {
            for j in 0..<7 {
                for i in 0..<13 {
                    // The last voxel lies on the last knot, where the basis ends: a hair before it.
                    let p = SIMD3<Double>(Double(i) / 12 * 2, Double(j) / 6, Double(k) / 8 * 3) * (1 - 1e-12)
                    let expected = exp(evaluate(lattice, p))
                    let at = image.grid.index(i, j, k)
                    #expect(abs(Double(field[at]) - expected) < 3e-6 * expected)
                    #expect(abs(corrected[at] * field[at] - image.voxels[at]) < 1e-4)
                }
            }
        }
    }

    /// Lee, Wolberg and Shin's sums, one sample and one control point at a time.
    @Test(arguments: [false, true]) func fitEqualsTheScatteredDefinition(weighted: Bool) throws {
        let image = try shaded([17, 12, 9])
        let chosen = mask(image) { Int($0) % 3 != 0 }
        let weights = weighted ? try volume([17, 12, 9]) { i, j, k in Float((i + 2 * j + k) % 4) * 0.5 } : nil
        var samples = try N4Samples(image, mask: chosen, weights: weights, shrink: [2, 1, 3])
        let spans = SIMD3(2, 3, 1)
        let fit = try SplineFit(samples, spans: spans)
        let range = try samples.follow(SplineLattice(zero: spans &+ 3), axes: fit.axes).range
        let sharpening = try #require(Sharpening(samples, range: range, bins: 50, fwhm: 0.15, wiener: 0.01))
        let lattice = try fit.fitted(samples, sharpening)

        let size = spans &+ 3
        var above = [Double](repeating: 0, count: size.x * size.y * size.z), below = above
        var count = 0
        // Thinning by (2, 1, 3): 17 / 2 = 8 samples from voxel 1, 9 / 3 capped to factor 2: 4 samples from voxel 1.
        #expect(samples.factor == [2, 1, 2] && samples.shape == [8, 12, 4] && samples.offset == [1, 0, 1])
        for k in 0..<4 {
            for j in 0..<12 {
                for i in 0..<8 {
                    let v = SIMD3(1 + 2 * i, j, 1 + 2 * k)
                    let w = Double(weights?[v.x, v.y, v.z] ?? 1)
                    guard chosen[v.x, v.y, v.z], w > 0 else { continue }
                    count += 1
                    let log = logf(image[v.x, v.y, v.z])
                    let z = Double(log - sharpening.expected.withUnsafeBufferPointer { sharpening.sharpened(log, $0) })
                    let p = SIMD3(Double(i) / 7 * 2, Double(v.y) / 11 * 3, Double(k) / 3) * (1 - 1e-12)
                    var b = [Double](), squares = 0.0
                    for c in 0..<size.z {
                        for r in 0..<size.y {
                            for a in 0..<size.x {
                                b.append(basis(a - 3, 3, p.x) * basis(r - 3, 3, p.y) * basis(c - 3, 3, p.z))
                                squares += b.last! * b.last!
                            }
                        }
                    }
                    for c in b.indices {
                        above[c] += w * b[c] * b[c] * (b[c] * z / squares)
                        below[c] += w * b[c] * b[c]
                    }
                }
            }
        }
        #expect(count == samples.count && count > 100)
        for c in above.indices where below[c] > 1e-9 {
            #expect(abs(Double(lattice.values[c]) - above[c] / below[c]) < 2e-6, "control point \(c)")
        }
    }

    /// A histogram of two blurred peaks: what lies between two peaks is drawn to the nearer one.
    /// A voxel at the foreground's edge is partly air. Where a sheet is all edge, or nearly, it is learnt from all the same.
    @Test func theForegroundIsLearntFromWithoutItsEdge() throws {
        func learnt(_ inside: (Int, Int, Int) -> Bool, shrink: SIMD3<Int> = .one) throws -> Int {
            try N4Samples(try volume([20, 20, 20]) { inside($0, $1, $2) ? 100 : 1 }, mask: nil, weights: nil, shrink: shrink).count
        }
        let box = { (i: Int, j: Int, k: Int) in (4..<16).contains(i) && (4..<16).contains(j) && k >= 4 }
        // The box goes on to the last slice, where the image ends and nothing says that it is an edge.
        #expect(try learnt(box) == 10 * 10 * 15)
        // Of voxels 2, 5, … 17 those at 5, 8, 11, 14 have only the box beside them along x and y, and that at 17 too along z.
        #expect(try learnt(box, shrink: [3, 3, 3]) == 4 * 4 * 5)
        #expect(try learnt { _, _, k in k == 7 } == 400)
    }

    @Test func sharpeningDrawsIntensitiesToThePeaks() {
        func peak(_ height: Double, at centre: Int, _ b: Int) -> Double {
            let d = Double(b - centre) / 12
            return height * exp(-d * d)
        }
        let histogram: [Double] = (0..<200).map { peak(1000, at: 60, $0) + peak(700, at: 130, $0) }
        let expected = Sharpening.expectation(histogram, low: 2, width: 0.01, fwhm: 0.15, wiener: 0.01)
        func moved(_ bin: Int) -> Double { (Double(expected[bin]) - 2) / 0.01 - Double(bin) }
        #expect(moved(50) > 3 && moved(70) < -3 && moved(120) > 3 && moved(140) < -3)
        #expect(abs(moved(60)) < 0.5 && abs(moved(130)) < 0.5)
        #expect(expected.allSatisfy { $0.isFinite })
    }
}

@Suite struct N4Tests {
    @Test func threadsAndRepetitionsChangeNothing() throws {
        let image = try shaded([33, 20, 27])
        let first = try N4.correct(image).field().voxels
        let threads = Parallel.threads
        Parallel.threads = 1
        let single = try N4.correct(image).field().voxels
        Parallel.threads = threads
        #expect(single == first)
    }

    @Test(arguments: [SIMD3(1, 1, 1), SIMD3(3, 1, 20), SIMD3(5, 7, 9), SIMD3(2, 2, 2), SIMD3(1, 40, 1)])
    func smallAndThinImages(shape: SIMD3<Int>) throws {
        let image = try shaded(shape)
        let r = try N4.correct(image)
        #expect(try r.field().voxels.allSatisfy { $0 > 0 && $0.isFinite })
        #expect(try r.corrected().grid == image.grid)
        for (v, (c, f)) in try zip(image.voxels, zip(r.corrected().voxels, r.field().voxels)) {
            #expect(abs(c * f - v) <= 1e-4 * v)
        }
    }

    @Test func constantImageHasFieldOne() throws {
        let image = try volume([9, 8, 7]) { _, _, _ in 42 }
        let r = try N4.correct(image)
        #expect(try r.field().voxels.allSatisfy { $0 == 1 })
        #expect(try r.iterations == [0, 0, 0, 0])
    }

    @Test func scaleOfIntensitiesDoesNotMatter() throws {
        let image = try shaded([24, 24, 24])
        let big = Volume(grid: image.grid, voxels: image.voxels.map { $0 * 1024 })
        let a = try N4.correct(image).field().voxels, b = try N4.correct(big).field().voxels
        for i in a.indices { #expect(abs(a[i] - b[i]) < 2e-3) }
    }

    @Test func weightsOfZeroOneAndTwoActAsAMask() throws {
        let image = try shaded([16, 18, 20])
        let chosen = mask(image) { $0 > 120 }
        let o = options {
            $0.shrink = .one; $0.iterations = [5, 5]
        }
        let masked = try N4.correct(image, mask: chosen, options: o).field().voxels
        let whole = Mask(grid: image.grid, voxels: [UInt8](repeating: 1, count: image.grid.count))
        let twos = Volume(grid: image.grid, voxels: chosen.voxels.map { Float($0) * 2 })
        let weighted = try N4.correct(image, mask: whole, weights: twos, options: o).field().voxels
        for i in masked.indices { #expect(abs(masked[i] - weighted[i]) < 1e-5) }
    }

    @Test func progressCountsLevelsAndTurns() throws {
        var seen: [N4.Progress] = []
        let o = options {
            $0.iterations = [3, 2]; $0.convergence = 0
        }
        let r = try N4.correct(shaded([20, 20, 20]), options: o) { seen.append($0) }
        #expect(seen.map { [$0.level, $0.iteration] } == [[1, 1], [1, 2], [1, 3], [2, 1], [2, 2]])
        #expect(seen.allSatisfy { $0.levels == 2 && $0.convergence > 0 && $0.convergence < 1 })
        #expect(try r.iterations == [3, 2])
    }

    @Test func convergenceEndsALevel() throws {
        let o = options {
            $0.iterations = [50, 50]; $0.convergence = 10
        }
        #expect(try N4.correct(shaded([20, 20, 20]), options: o).iterations == [1, 1])
    }

    @Test func meshFromADistance() throws {
        let grid = try Grid(shape: [101, 51, 2], affine: Affine(spacing: [2, 2, 3]))
        #expect(try N4.Options.mesh(distance: 60, on: grid) == [4, 2, 1])
        #expect(throws: N4Error.self) { try N4.Options.mesh(distance: 0, on: grid) }
    }

    @Test func notFiniteVoxels() throws {
        let good = try shaded([12, 11, 10])
        var voxels = good.voxels
        voxels[good.grid.index(3, 4, 5)] = .nan
        voxels[good.grid.index(7, 4, 6)] = -.infinity
        let image = Volume(grid: good.grid, voxels: voxels)
        #expect(throws: N4Error.notFinite(count: 2, first: [3, 4, 5], inMask: false)) { try N4.correct(image) }
        let all = Mask(grid: good.grid, voxels: [UInt8](repeating: 1, count: voxels.count))
        #expect(throws: N4Error.notFinite(count: 2, first: [3, 4, 5], inMask: true)) { try N4.correct(image, mask: all) }
        // Outside the mask they are not looked at, and stay what they are.
        let finite = mask(image) { $0.isFinite }
        let r = try N4.correct(image, mask: finite)
        #expect(try r.corrected()[3, 4, 5].isNaN && r.corrected()[7, 4, 6] == -.infinity)
        #expect(try r.field().voxels.allSatisfy { $0.isFinite && $0 > 0 })
    }

    @Test func nothingToLearnFrom() throws {
        let image = try shaded([12, 12, 12])
        let none = Mask(grid: image.grid, voxels: [UInt8](repeating: 0, count: image.grid.count))
        #expect(throws: N4Error.emptyMask) { try N4.correct(image, mask: none) }
        for value: Float in [0, -3] {
            let flat = Volume(grid: image.grid, voxels: [Float](repeating: value, count: image.grid.count))
            #expect(throws: N4Error.nothingPositive) { try N4.correct(flat) }
        }
        var one = none.voxels
        one[0] = 1
        #expect(throws: N4Error.shrunkAway(count: 1, shrink: [3, 3, 3])) {
            try N4.correct(image, mask: Mask(grid: image.grid, voxels: one))
        }
        #expect(
            try N4.correct(image, mask: Mask(grid: image.grid, voxels: one), options: options { $0.shrink = .one }).field().voxels.allSatisfy
            { $0 == 1 })
    }

    @Test func gridsMustAgree() throws {
        let image = try shaded([8, 8, 8])
        let elsewhere = try Grid(shape: [8, 8, 8], affine: Affine(spacing: [1, 1, 2]))
        let ones = [UInt8](repeating: 1, count: 512)
        #expect(throws: GridError.self) { try N4.correct(image, mask: Mask(grid: elsewhere, voxels: ones)) }
        #expect(throws: GridError.self) { try N4.correct(image, weights: Volume(grid: elsewhere, voxels: ones.map { Float($0) })) }
    }

    @Test func badWeights() throws {
        let image = try shaded([8, 8, 8])
        var w = [Float](repeating: 1, count: 512)
        w[1] = -2
        #expect(throws: N4Error.badWeight(value: -2, at: [1, 0, 0])) {
            try N4.correct(image, weights: Volume(grid: image.grid, voxels: w))
        }
    }

    @Test func optionsOutOfRange() throws {
        let image = try shaded([8, 8, 8])
        let bad: [(inout N4.Options) -> Void] = [
            { $0.shrink = [0, 1, 1] }, { $0.iterations = [] }, { $0.iterations = [1, -1] }, { $0.convergence = .nan },
            { $0.fwhm = 0 }, { $0.fwhm = .nan }, { $0.wiener = 0 }, { $0.wiener = .infinity }, { $0.bins = 1 },
            { $0.splineMesh = [1, 0, 1] }, { $0.iterations = [Int](repeating: 1, count: 9) },
            {
                $0.splineMesh = [64, 64, 64]; $0.iterations = [1, 1, 1]
            },
        ]
        for change in bad { #expect(throws: N4Error.self) { try N4.correct(image, options: options(change)) } }
    }
}
