import Imaging
import Testing

@Suite struct IntensityTests {
    let stored: Operations
    init() throws { stored = try Operations.stored.get() }

    @Test func momentsEqualNumpy() throws {
        let s = try stored.volume().statistics()
        #expect(s.count == 315 && abs(s.mean - stored.moments[0]) < 1e-9 && abs(s.std - stored.moments[1]) < 1e-9)
        #expect(s.min == stored.image.min() && s.max == stored.image.max())
    }

    @Test func statisticsInAMaskAndOverManyPieces() throws {
        let v = try noise([61, 53, 47], seed: 3)
        let mask = try Elementwise.compare(.greater, .volume(v), .number(0.3))
        let chosen = v.voxels.filter { $0 > 0.3 }.map(Double.init)
        let mean = chosen.reduce(0, +) / Double(chosen.count)
        let variance = chosen.map { ($0 - mean) * ($0 - mean) }.reduce(0, +) / Double(chosen.count)
        let s = try v.statistics(in: mask)
        #expect(s.count == chosen.count && abs(s.mean - mean) < 1e-12 && abs(s.std - variance.squareRoot()) < 1e-12)
        #expect(s.min == v.voxels.filter { $0 > 0.3 }.min())
        #expect(try v.statistics(in: mask) == s)
    }

    /// A mean of a million over a spread of one: sums of squares in double alone would lose the variance.
    @Test func varianceSurvivesALargeMean() throws {
        let v = try noise([40, 41, 42])
        let shifted = v.with(v.voxels.map { ($0 * 16).rounded() + 1_000_000 })
        let low = v.with(v.voxels.map { ($0 * 16).rounded() })
        #expect(abs(try shifted.statistics().std - low.statistics().std) < 1e-9)
    }

    @Test func nonFiniteVoxelsAreCountedAndNamed() throws {
        let v = try stored.volume()
        var voxels = v.voxels
        voxels[3] = .nan
        voxels[200] = -.infinity
        let bad = v.with(voxels)
        func expected(_ operation: String) -> IntensityError { .notFinite(count: 2, of: 315, operation: operation) }
        #expect(throws: expected("statistics")) { try bad.statistics() }
        #expect(throws: expected("normalize")) { try bad.normalized() }
        #expect(throws: expected("rescale")) { try bad.rescaled() }
        #expect(throws: expected("denoise")) { try NonLocalMeans.denoise(bad) }
        #expect(throws: IntensityError.notFinite(count: 1, of: 315, operation: "median")) { try bad.median(radius: .one) }
        #expect(throws: IntensityError.notFinite(count: 2, of: 315, operation: "percentile")) { try bad.percentile(50) }
        #expect(try bad.countNonFinite() == 2)
        let mended = try bad.replacingNonFinite(with: 0)
        #expect(mended.voxels[3] == 0 && mended.voxels[200] == 0 && mended.voxels[4] == v.voxels[4])
        let clean = Mask(grid: v.grid, voxels: voxels.map { $0.isFinite ? 1 : 0 })
        #expect(try bad.statistics(in: clean).count == 313)
        let finite = voxels.filter(\.isFinite)
        let rest = Volume(grid: try Grid(shape: [finite.count, 1, 1], affine: .identity), voxels: finite)
        #expect(try bad.otsuThreshold() == rest.otsuThreshold())
        #expect(try bad.otsu().voxels[3] == 0)
    }

    @Test func emptyMasksAndFlatImages() throws {
        let v = try stored.volume()
        let none = Mask(grid: v.grid, voxels: .init(repeating: 0, count: 315))
        #expect(throws: IntensityError.emptyMask(operation: "normalize")) { try v.normalized(in: none) }
        #expect(throws: IntensityError.emptyMask(operation: "percentile")) { try v.percentile(3, in: none) }
        let flat = v.with(.init(repeating: 7, count: 315))
        #expect(throws: IntensityError.flat(value: 7, operation: "normalize")) { try flat.normalized() }
        #expect(throws: IntensityError.flat(value: 7, operation: "rescale")) { try flat.rescaled() }
        #expect(throws: IntensityError.flat(value: 7, operation: "otsu")) { try flat.otsu() }
        let elsewhere = Mask(grid: try stored.volume("oblique").grid, voxels: .init(repeating: 1, count: 315))
        #expect(throws: GridError.self) { try v.statistics(in: elsewhere) }
    }

    @Test func percentilesEqualNumpy() throws {
        let v = try stored.volume()
        for pair in stored.percentiles { #expect(abs(try v.percentile(pair[0]) - pair[1]) < 1e-9) }
        #expect(throws: IntensityError.self) { try v.percentile(-1) }
        #expect(throws: IntensityError.self) { try v.percentile(.nan) }
    }

    /// Selection by bits against a sort, with signs, zeros, infinities kept out and repeated values.
    @Test func percentilesEqualASort() throws {
        let v = try noise([31, 37, 29], seed: 9)
        let mixed = v.with(v.voxels.map { $0 < 0.2 ? 0 : ($0 - 0.6) * ($0 > 0.9 ? 1e30 : 1e-3) })
        let sorted = mixed.voxels.sorted()
        for percent in [0, 0.01, 7, 20, 21, 50, 63.2, 99.99, 100] {
            let rank = percent / 100 * Double(sorted.count - 1), below = Int(rank)
            let a = Double(sorted[below]), b = Double(sorted[min(below + 1, sorted.count - 1)])
            let expected = a + (b - a) * (rank - Double(below))
            #expect(abs(try mixed.percentile(percent) - expected) <= 1e-12 * max(abs(a), abs(b)))
        }
        let mask = try Elementwise.compare(.greater, .volume(mixed), .number(0))
        #expect(try mixed.percentile(0, in: mask) == Double(sorted.first { $0 > 0 }!))
    }

    @Test func normalizedAndRescaled() throws {
        let v = try noise([33, 31, 30], seed: 5)
        let z = try v.normalized()
        let s = try z.statistics()
        #expect(abs(s.mean) < 1e-7 && abs(s.std - 1) < 1e-6)
        let mask = try Elementwise.compare(.less, .volume(v), .number(0.4))
        let inside = try v.normalized(in: mask)
        let t = try inside.statistics(in: mask)
        #expect(abs(t.mean) < 1e-6 && abs(t.std - 1) < 1e-6)
        let r = try v.rescaled(to: -3...12)
        let u = try r.statistics()
        #expect(u.min == -3 && u.max == 12)
        let low = v.voxels.min()!, high = v.voxels.max()!
        #expect(abs(r.voxels[1234] - ((v.voxels[1234] - low) / (high - low) * 15 - 3)) < 1e-5)
    }

    @Test func gaussianEqualsScipy() throws {
        let v = try stored.volume()
        for g in stored.gaussian {
            #expect(largestDifference(try v.smoothed(sigma: g.sigma).voxels, g.values) < 2e-4, "sigma \(g.sigma)")
        }
        #expect(try v.smoothed(sigma: 0).voxels == v.voxels)
        #expect(largestDifference(try v.smoothed(fwhm: 2.354820045030949).voxels, try v.smoothed(sigma: 1).voxels) == 0)
        // So wide that only the edges count: no memory for a kernel of a thousand million.
        #expect(try v.smoothed(sigma: 1e9).voxels.allSatisfy(\.isFinite))
        #expect(throws: IntensityError.self) { try v.smoothed(sigma: -1) }
        #expect(throws: IntensityError.self) { try v.smoothed(sigma: .nan) }
        #expect(throws: IntensityError.self) { try v.smoothed(sigma: .infinity) }
    }

    @Test func otsuEqualsSimpleITK() throws {
        let grid = try Grid(shape: [16, 15, 14], affine: .identity)
        let images = [
            "both": Volume(grid: grid, voxels: stored.both), "whole": Volume(grid: grid, voxels: stored.whole),
            "image": try stored.volume(),
        ]
        for o in stored.otsu {
            let image = try #require(images[o.image])
            let threshold = try image.otsuThreshold(bins: o.bins)
            #expect(abs(Double(threshold) - o.threshold) < 1e-3 * abs(o.threshold), "\(o.image), \(o.bins) bins")
            #expect(try image.otsu(bins: o.bins).count == o.count, "\(o.image), \(o.bins) bins")
        }
        #expect(throws: IntensityError.self) { try images["both"]!.otsuThreshold(bins: 1) }
    }

    @Test func arithmeticOfEveryPairOfOperands() throws {
        let grid = try Grid(shape: [3, 1, 1], affine: .identity)
        let v = Volume(grid: grid, voxels: [1, -2, 5], datatype: .int16), w = Volume(grid: grid, voxels: [2, 3, 0])
        let m = Mask(grid: grid, voxels: [1, 0, 1])
        func apply(_ op: Arithmetic, _ a: Elementwise.Operand, _ b: Elementwise.Operand) throws -> [Float] {
            try Elementwise.apply(op, a, b).voxels
        }
        #expect(try apply(.add, .volume(v), .volume(w)) == [3, 1, 5])
        #expect(try apply(.subtract, .number(1), .volume(v)) == [0, 3, -4])
        #expect(try apply(.multiply, .volume(v), .mask(m)) == [1, 0, 5])
        #expect(try apply(.multiply, .mask(m), .number(3)) == [3, 0, 3])
        #expect(try apply(.subtract, .mask(m), .mask(m)) == [0, 0, 0])
        #expect(try apply(.divide, .volume(v), .volume(w)) == [0.5, -2 / 3 as Float, .infinity])
        #expect(try apply(.remainder, .volume(v), .number(3)) == [1, 1, 2])
        #expect(try apply(.remainder, .volume(v), .number(-3)) == [-2, -2, -1])
        #expect(try apply(.power, .volume(v), .number(2)) == [1, 4, 25])
        #expect(try apply(.power, .number(2), .volume(w)) == [4, 8, 1])
        #expect(try Elementwise.apply(.add, .volume(v), .number(0.5)).datatype == .float32)
        #expect(throws: IntensityError.twoNumbers) { try Elementwise.apply(.add, .number(1), .number(2)) }
        #expect(throws: IntensityError.twoNumbers) { try Elementwise.compare(.less, .number(1), .number(2)) }
        let elsewhere = Volume(grid: try Grid(shape: [3, 1, 1], affine: Affine(spacing: [2, 2, 2])), voxels: [1, 2, 3])
        #expect(throws: GridError.self) { try Elementwise.apply(.add, .volume(v), .volume(elsewhere)) }
    }

    @Test func comparisonsLogicAndFunctions() throws {
        let grid = try Grid(shape: [4, 1, 1], affine: .identity)
        let v = Volume(grid: grid, voxels: [1, 2, 3, .nan])
        func compare(_ op: Comparison) throws -> [UInt8] { try Elementwise.compare(op, .volume(v), .number(2)).voxels }
        #expect(try compare(.less) == [1, 0, 0, 0])
        #expect(try compare(.lessOrEqual) == [1, 1, 0, 0])
        #expect(try compare(.greater) == [0, 0, 1, 0])
        #expect(try compare(.greaterOrEqual) == [0, 1, 1, 0])
        #expect(try compare(.equal) == [0, 1, 0, 0])
        #expect(try compare(.notEqual) == [1, 0, 1, 1])
        let a = Mask(grid: grid, voxels: [0, 0, 1, 1]), b = Mask(grid: grid, voxels: [0, 1, 0, 1])
        #expect(try Elementwise.apply(.and, a, b).voxels == [0, 0, 0, 1])
        #expect(try Elementwise.apply(.or, a, b).voxels == [0, 1, 1, 1])
        #expect(try Elementwise.apply(.exclusiveOr, a, b).voxels == [0, 1, 1, 0])
        #expect(try Elementwise.not(a).voxels == [1, 1, 0, 0])
        let w = Volume(grid: grid, voxels: [4, -1, 2.5, 0])
        #expect(try Elementwise.apply(.abs, w).voxels == [4, 1, 2.5, 0])
        #expect(try Elementwise.apply(.negate, w).voxels == [-4, 1, -2.5, 0])
        #expect(try Elementwise.apply(.round, w).voxels == [4, -1, 2, 0])
        #expect(try Elementwise.apply(.floor, w).voxels == [4, -1, 2, 0] && Elementwise.apply(.ceil, w).voxels == [4, -1, 3, 0])
        #expect(try Elementwise.apply(.sqrt, w).voxels[0] == 2 && Elementwise.apply(.sqrt, w).voxels[1].isNaN)
        #expect(try Elementwise.apply(.log, w).voxels[3] == -.infinity && Elementwise.apply(.exp, w).voxels[3] == 1)
        #expect(try Elementwise.clamp(w, to: 0...3).voxels == [3, 0, 2.5, 0])
        let held = try Elementwise.clamp(v, to: 1.5 ... .infinity).voxels
        #expect(held[..<3] == [1.5, 2, 3] && held[3].isNaN)
        let negative = VoxelExpression(w).mapped(by: .negate).clamped(to: -3...0).mapped(by: .abs)
        #expect(try negative.volume().voxels == [3, 0, 2.5, 0] && negative.sum() == 5.5)
        #expect(try Elementwise.masked(w, by: b, outside: 9).voxels == [9, -1, 9, 0])
    }
}
