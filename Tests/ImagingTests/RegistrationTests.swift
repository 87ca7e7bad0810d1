import Glibc
import Imaging
import Support
import Testing

@Suite struct RegistrationTests {
    /// The slow obvious way: every sample on its own, in doubles, with the B-spline as its formula.
    private func information(_ samples: MutualInformation.Samples, _ moving: Volume, _ range: ClosedRange<Float>, _ map: Affine) throws
        -> Double
    {
        let bins = MutualInformation.bins, back = try moving.grid.affine.inverse()
        var joint = [[Double]](repeating: [Double](repeating: 0, count: bins + 6), count: bins)
        func spline(_ t: Double) -> Double {
            let a = abs(t)
            return a < 1 ? 2 / 3 - a * a + a * a * a / 2 : a < 2 ? (2 - a) * (2 - a) * (2 - a) / 6 : 0
        }
        for s in samples.bin.indices {
            let place = back(map(SIMD3(Double(samples.x[s]), Double(samples.y[s]), Double(samples.z[s])) + samples.centre))
            let cell = SIMD3(place.x.rounded(.down), place.y.rounded(.down), place.z.rounded(.down))
            let shape = moving.grid.shape
            if (0..<3).contains(where: { cell[$0] < 0 || cell[$0] + 1 >= Double(shape[$0]) }) { continue }
            var value = 0.0
            for corner in 0..<8 {
                var weight = 1.0, voxel = SIMD3<Int>.zero
                for axis in 0..<3 {
                    let isFar = corner >> axis & 1 == 1, t = place[axis] - cell[axis]
                    weight *= isFar ? t : 1 - t
                    voxel[axis] = Int(cell[axis]) + (isFar ? 1 : 0)
                }
                value += weight * Double(moving[voxel.x, voxel.y, voxel.z])
            }
            let low = Double(range.lowerBound), high = Double(range.upperBound)
            let m = min(max(value - low, 0), high - low) / (high - low) * Double(bins - 1)
            for k in 0..<bins + 6 { joint[Int(samples.bin[s])][k] += spline(Double(k - 3) - m) }
        }
        let total = joint.joined().reduce(0, +)
        var result = 0.0
        for f in 0..<bins {
            let row = joint[f].reduce(0, +) / total
            for k in 0..<bins + 6 where joint[f][k] > 0 {
                let column = joint.reduce(0) { $0 + $1[k] } / total
                result += joint[f][k] / total * log(joint[f][k] / total / (row * column))
            }
        }
        return result
    }

    /// Samples in a small phantom, and the phantom with its contrast turned about.
    private func problem() throws -> (samples: MutualInformation.Samples, moving: Volume) {
        let v = try smooth([17, 19, 15], spacing: [6, 5, 7])
        var random = CounterRandom(seed: 3)
        var places: [SIMD3<Double>] = []
        while places.count < 5000 {
            places.append(SIMD3(random.uniform(-45, 45), random.uniform(-42, 42), random.uniform(-45, 45)))
        }
        let spots = places.map { Grid.place($0 + v.grid.centre, v) }
        let samples = MutualInformation.Samples(
            x: places.map { Float($0.x) }, y: places.map { Float($0.y) }, z: places.map { Float($0.z) },
            bin: spots.map { UInt8(min(31, max(0, $0 * 31))) }, centre: v.grid.centre, radius: 45)
        return (samples, Volume(grid: v.grid, voxels: v.voxels.map { 1 - $0 * $0 }))
    }

    /// Bumps of different heights: nothing in it is symmetric.
    private func smooth(_ shape: SIMD3<Int>, spacing: SIMD3<Double>) throws -> Volume {
        let grid = try Grid(shape: shape, affine: Affine(spacing: spacing, origin: [-40, -30, -50]))
        var values: [Float] = []
        for k in 0..<shape.z {
            for j in 0..<shape.y {
                for i in 0..<shape.x {
                    let p = (grid.affine(SIMD3(Double(i), Double(j), Double(k))) - grid.centre) / 20
                    values.append(
                        Float(
                            0.3 + 0.25 * sin(1.1 * p.x + 0.3) * cos(0.9 * p.y) + 0.2 * sin(0.7 * p.z + 0.5 * p.x) + 0.1
                                * cos(1.3 * p.y * p.z / 2)))
                }
            }
        }
        return Volume(grid: grid, voxels: values)
    }

    @Test func informationEqualsItsDefinition() throws {
        let (samples, moving) = try problem()
        let metric = try MutualInformation(samples, moving: moving, range: 0.2...1)
        for point in [[0.0, 0, 0, 0, 0, 0], [3, -2, 5, 6, -4, 2], [-12, 20, 4, 30, 10, -25]] {
            let motion = MotionSpace(kind: .rigid, radius: 45).affine(point)
            let base = Affine([1, 0.02, 0, 1], [0, 0.98, 0.01, -2], [0.03, 0, 1.01, 3])
            let ours = try metric.evaluate(motion, base: base)
            let centre = Affine(spacing: .one, origin: samples.centre), back = Affine(spacing: .one, origin: -samples.centre)
            let expected = try information(samples, moving, 0.2...1, base.after(centre).after(motion).after(back))
            #expect(abs(ours.value - expected) < 1e-5 * max(1, expected), "\(point): \(ours.value) against \(expected)")
            #expect(ours.overlap > 0.3 && ours.overlap < 1.00001)
        }
    }

    /// Central differences along every parameter. No sample enters or leaves here.
    @Test(arguments: Motion.allCases) func gradientIsThatOfTheValue(_ kind: Motion) throws {
        let (samples, moving) = try problem()
        let padded = try moving.padded(before: [4, 4, 4], after: [4, 4, 4], value: 0.6)
        let metric = try MutualInformation(samples, moving: padded, range: 0...1.1)
        let space = MotionSpace(kind: kind, radius: 45), base = Affine([1, 0.02, 0, 1], [0, 0.98, 0.01, -2], [0.03, 0, 1.01, 3])
        let point = (0..<kind.count).map { Double($0 % 5) - 1.7 }
        let here = try metric.evaluate(space.affine(point), base: base)
        #expect(abs(here.overlap - 1) < 1e-5)
        let gradient = space.gradient(point, shift: here.shift, linear: here.linear)
        let size = gradient.map { abs($0) }.max() ?? 0
        #expect(size > 1e-3)
        for n in point.indices {
            var up = point, down = point
            up[n] += 0.02
            down[n] -= 0.02
            let difference =
                try (metric.evaluate(space.affine(up), base: base).value - metric.evaluate(space.affine(down), base: base).value) / 0.04
            #expect(abs(difference - gradient[n]) < 0.02 * size, "\(n): \(gradient[n]) against \(difference)")
        }
    }

    @Test func quasiNewtonFindsTheValley() throws {
        // Rosenbrock's function, whose valley bends.
        let search = QuasiNewton(firstStep: 0.1, tolerance: 1e-9)
        let (point, value) = try search.minimum(from: [-1.2, 1]) { p in
            let a = 1 - p[0], b = p[1] - p[0] * p[0]
            return (a * a + 100 * b * b, [-2 * a - 400 * p[0] * b, 200 * b])
        }
        #expect(value < 1e-10 && abs(point[0] - 1) < 1e-4 && abs(point[1] - 1) < 1e-4)
        // A flat start is an end.
        #expect(try search.minimum(from: [2]) { _ in (1, [0]) }.point == [2])
    }

    /// A phantom that was moved, with noise and another contrast, comes back to within a tenth of a voxel, whatever the number of threads.
    @Test(arguments: Motion.allCases) func findsAKnownTransform(_ kind: Motion) throws {
        let fixed = try Phantom.make(seed: 4, shape: [56, 64, 56], spacing: [3.5, 3.5, 3.5]).image
        var known = try Transform.rotation(degrees: [7, -9, 12], about: fixed.grid.centre)
        if kind == .affine {
            let stretch = try Transform(Affine([1.06, 0.03, 0, 0], [0, 0.95, -0.02, 0], [0, 0, 1.03, 0])).about(fixed.grid.centre)
            known = try known.after(stretch)
        }
        known = try Transform.translation([9, -6, 4]).after(known)
        let moved = try fixed.moved(by: known).resampled(onto: fixed.grid, interpolation: .cubic)
        let high = try fixed.statistics().max, random = CounterRandom(seed: 8)
        let moving = moved.with(
            moved.voxels.enumerated().map { high - $0.element * 0.8 + high * 0.02 * Float(random.normal(at: UInt64($0.offset))) })
        let found = try moving.registered(to: fixed, kind: kind)
        // Over a head's extent.
        var worst = 0.0
        for corner in 0..<8 {
            let p = fixed.grid.centre + SIMD3(corner & 1 == 0 ? -55 : 55, corner & 2 == 0 ? -65 : 65, corner & 4 == 0 ? -55 : 55)
            let d = found.matrix(known.matrix(p)) - p
            worst = max(worst, (d * d).sum().squareRoot())
        }
        #expect(worst < 0.35, "\(worst) mm")
        #expect(found.isRigid == (kind == .rigid))
        let threads = Parallel.threads
        defer { Parallel.threads = threads }
        Parallel.threads = threads == 1 ? 3 : 1
        #expect(try moving.registered(to: fixed, kind: kind) == found)
    }

    /// A cut-out lies on the whole where it was, whichever of the two moves.
    @Test func smallImagesRegisterInLargeOnes() throws {
        let whole = try Phantom.make(seed: 4, shape: [48, 56, 48], spacing: [4, 4, 4]).image
        let part = try whole.cropped(from: [14, 16, 16], to: [32, 38, 34])
        for (moving, fixed) in [(part, whole), (whole, part)] {
            let found = try moving.registered(to: fixed)
            let moved = found.matrix(part.grid.centre) - part.grid.centre
            #expect((moved * moved).sum().squareRoot() < 0.2)
        }
    }

    /// Real heads: turned, shifted, interpolated and noisy.
    @Test(arguments: ["colin27_T1w", "openms01_T1w"]) func realHeadsComeBack(_ name: String) throws {
        guard let data = Reference.data() else { return }
        let fixed = try ImageFile.read(data.appendingPathComponent("heads/\(name).nii.gz").path)
        let known = try Transform.translation([11, -7, 5]).after(.rotation(degrees: [-8, 6, 14], about: fixed.grid.centre))
        let moved = try fixed.moved(by: known).resampled(onto: fixed.grid, interpolation: .cubic)
        let random = CounterRandom(seed: 2), sigma = 0.03 * Float(try fixed.percentile(99))
        let moving = moved.with(moved.voxels.enumerated().map { abs($0.element + sigma * Float(random.normal(at: UInt64($0.offset)))) })
        let found = try moving.registered(to: fixed)
        var worst = 0.0
        for corner in 0..<8 {
            let p = fixed.grid.centre + SIMD3(corner & 1 == 0 ? -60 : 60, corner & 2 == 0 ? -75 : 75, corner & 4 == 0 ? -50 : 50)
            let d = found.matrix(known.matrix(p)) - p
            worst = max(worst, (d * d).sum().squareRoot())
        }
        #expect(worst < 0.15, "\(worst) mm")
    }

    /// However a head is turned: quarter and half turns, and angles between them.
    @Test(arguments: [[0, 0, 180], [90, 0, 0], [0, 180, 0], [170, 0, 0], [45, 0, 45], [-100, 35, -70]] as [SIMD3<Double>])
    func headsThatAreTurnedOverComeBack(degrees: SIMD3<Double>) throws {
        let heads = try [Phantom.make(seed: 4, shape: [56, 64, 56], spacing: [3.5, 3.5, 3.5]).image, Self.colin()].compactMap { $0 }
        for (n, fixed) in heads.enumerated() {
            let known = try Transform.rotation(degrees: degrees, about: fixed.grid.centre)
            let cube = try Grid.centred(on: fixed.grid, shape: SIMD3(repeating: fixed.grid.shape.max() + 20), spacing: fixed.grid.spacing)
            let moved = try fixed.moved(by: known).resampled(onto: cube, interpolation: .cubic)
            let moving = try Elementwise.clamp(moved, to: 0 ... .infinity).withNoise(sigma: 0.02 * fixed.percentile(99), seed: 3)
            let found = try moving.registration(to: fixed)
            var worst = 0.0
            for corner in 0..<8 {
                let p = fixed.grid.centre + SIMD3(corner & 1 == 0 ? -60 : 60, corner & 2 == 0 ? -75 : 75, corner & 4 == 0 ? -50 : 50)
                let d = found.transform.matrix(known.matrix(p)) - p
                worst = max(worst, (d * d).sum().squareRoot())
            }
            #expect(worst < (n == 0 ? 0.35 : 0.1), "head \(n): \(worst) mm")
            #expect(!found.isDoubtful, "\(found)")
        }
    }

    private static func colin() throws -> Volume? {
        try Reference.data().map { try ImageFile.read($0.appendingPathComponent("heads/colin27_T1w.nii.gz").path) }
    }

    /// Where the images say nothing of each other, or as much in another position, the result says so.
    @Test func doubtIsTold() throws {
        let head = try Phantom.make(seed: 4, shape: [40, 44, 40], spacing: [5, 5, 5]).image
        let nothing = try head.with(.init(repeating: 0, count: head.grid.count)).withNoise(sigma: 10, seed: 3)
        let found = try nothing.registration(to: head)
        #expect(found.isDoubtful && found.information < 0.1 && found.doubt.contains("little in common"), "\(found)")
        // A box that is its own image after a half turn.
        var voxels = [Float](repeating: 0, count: head.grid.count)
        for k in 10..<30 { for j in 8..<36 { for i in 15..<25 { voxels[head.grid.index(i, j, k)] = 100 } } }
        let box = try head.with(voxels).smoothed(sigma: 5)
        let twofold = try box.registration(to: box)
        #expect(twofold.isDoubtful && twofold.rival > 0.97 && twofold.doubt.contains("turned over"), "\(twofold)")
        // What lies right already stays.
        #expect(abs(twofold.transform.matrix.nearestAxes.map { $0.flipped ? 1 : 0 }.reduce(0, +)) == 0)
        #expect(try !head.registration(to: head).isDoubtful)
    }

    /// Values whose differences single precision does not hold, or whose scale it does not, are registered as others are.
    @Test(arguments: [Float(1), Float(bitPattern: 14_272), 1e36]) func valuesOfAnySizeAreRegistered(unit: Float) throws {
        let head = try Phantom.make(seed: 4, shape: [40, 40, 40], spacing: [5, 5, 5]).image
        let top = try head.statistics().max
        // From −3.2e38 to 3.2e38, of which the difference is more than float32 holds.
        func sized(_ x: Float) -> Float { unit > 1 ? (x / top * 2 - 1) * 3.2e38 : x * unit }
        let v = head.with(head.voxels.map(sized))
        let moved = try v.moved(by: .translation([7, -4, 3]))
        let found = try moved.registered(to: v).matrix
        let origin = found(.zero) - [-7, 4, -3]
        #expect((origin * origin).sum() < 0.04, "\(found)")
    }

    @Test func whatCannotBeRegisteredSaysWhy() throws {
        let v = try Phantom.make(seed: 4, shape: [20, 20, 20], spacing: [9, 9, 9]).image
        #expect(throws: RegistrationError.tooFewVoxels([20, 20, 1])) { try v.cropped(from: .zero, to: [20, 20, 1]).registered(to: v) }
        #expect(throws: IntensityError.self) { try v.with(.init(repeating: 2, count: v.grid.count)).registered(to: v) }
        #expect(throws: IntensityError.self) {
            try v.with(v.voxels.enumerated().map { $0.offset == 9 ? .nan : $0.element }).registered(to: v)
        }
        // Bright in a corner here, in the middle there: with those on each other, an eighth meets, however it is turned.
        func bright(_ side: Int, at origin: Double) throws -> Volume {
            var voxels = [Float](repeating: 0, count: 32 * 32 * 32)
            for i in voxels.indices {
                let p = SIMD3(i % 32, i / 32 % 32, i / 1024) &- side
                if max(abs(p.x), abs(p.y), abs(p.z)) < 2 { voxels[i] = Float(100 + i % 7) }
            }
            return Volume(grid: try Grid(shape: [32, 32, 32], affine: Affine(spacing: [2, 2, 2], origin: .init(repeating: origin))), voxels: voxels)
        }
        let (a, b) = (try bright(1, at: 100), try bright(16, at: -300))
        let error = #expect(throws: RegistrationError.self) { try a.registered(to: b) }
        #expect(
            error?.message.hasSuffix(
                "the moving image has 32×32×32 voxels, x 100 … 162, y 100 … 162, z 100 … 162 mm, the fixed one 32×32×32 voxels, "
                    + "x -300 … -238, y -300 … -238, z -300 … -238 mm, their middles 693 mm apart") == true, "\(error?.message ?? "")")
        // A head a metre away is brought here: its middle is known.
        let far = try v.moved(by: .translation([1000, 0, 0]))
        let d = try far.registered(to: v).matrix([1000, 0, 0])
        #expect((d * d).sum().squareRoot() < 1)
    }
}

extension Grid {
    /// The value at a world position, by the nearest voxel.
    fileprivate static func place(_ p: SIMD3<Double>, _ v: Volume) -> Float {
        guard let back = try? v.grid.affine.inverse() else { return 0 }
        let q = back(p)
        func held(_ x: Double, _ n: Int) -> Int { min(n - 1, max(0, Int(x.rounded()))) }
        return v[held(q.x, v.grid.shape.x), held(q.y, v.grid.shape.y), held(q.z, v.grid.shape.z)]
    }
}
