import Imaging
import Support
import Testing

/// What Tests/Reference/imaging/make_intensity.py stored.
private struct Stored: Decodable {
    struct Median: Decodable {
        var radius: [Int]
        var values: [Float]
    }
    struct Gradient: Decodable { var magnitude, second: [Float] }
    struct Counts: Decodable {
        var bins: Int
        var range: [Double]?
        var counts: [Int]
        var edges: [Double]
    }
    struct Classes: Decodable {
        var image: String
        var classes, bins: Int
        var thresholds: [Double]
    }
    struct Nyul: Decodable {
        var values: [Double]
        var mapped: [Float]
    }
    struct Stripe: Decodable {
        var contrast: String
        var peak, low, high, mean, std: Double
    }
    var shape: [Int]
    var spacing: [Double]
    var image, other: [Float]
    var mask, otherMask: String
    var median: [Median]
    var gradient: Gradient
    var histograms: [Counts]
    var otsu: [Classes]
    var nyul: Nyul
    var matched: [Float]
    var stripes: [Stripe]
    var noise: Double
}

private func seventh(_ v: Volume) -> [Float] { stride(from: 0, to: v.voxels.count, by: 7).map { v.voxels[$0] } }

@Suite struct IntensityReferenceTests {
    private let stored: Stored
    private let image, other: Volume
    private let mask, otherMask: Mask

    init() throws {
        stored = try Reference.load("intensity.json", as: Stored.self)
        let spacing = SIMD3(stored.spacing[0], stored.spacing[1], stored.spacing[2])
        let grid = try Grid(shape: triple(stored.shape), affine: Affine(spacing: spacing))
        image = Volume(grid: grid, voxels: stored.image)
        other = Volume(grid: grid, voxels: stored.other)
        mask = Mask(grid: grid, voxels: bits(stored.mask))
        otherMask = Mask(grid: grid, voxels: bits(stored.otherMask))
    }

    @Test func mediansEqualScipy() throws {
        for m in stored.median { #expect(try image.median(radius: triple(m.radius)).voxels == m.values, "radius \(m.radius)") }
        #expect(try image.median(radius: .zero).voxels == image.voxels)
        #expect(throws: IntensityError.self) { try image.median(radius: [1, 8, 1]) }
        #expect(throws: IntensityError.self) { try image.median(radius: [-1, 1, 1]) }
        // Rows longer than a vector, and shorter ones.
        for shape: SIMD3<Int> in [[37, 3, 2], [1, 5, 4], [16, 1, 1]] {
            let v = try noise(shape, seed: 4)
            let medians = try v.median(radius: .one)
            for k in 0..<shape.z {
                for j in 0..<shape.y {
                    for i in 0..<shape.x {
                        var window: [Float] = []
                        for c in -1...1 {
                            for b in -1...1 {
                                for a in -1...1 {
                                    window.append(
                                        v[min(shape.x - 1, max(0, i + a)), min(shape.y - 1, max(0, j + b)), min(shape.z - 1, max(0, k + c))])
                                }
                            }
                        }
                        #expect(medians[i, j, k] == window.sorted()[13])
                    }
                }
            }
        }
    }

    @Test func gradientsEqualNumpy() throws {
        #expect(largestDifference(try image.gradientMagnitude().voxels, stored.gradient.magnitude) < 2e-4)
        #expect(largestDifference(try image.derivative(along: 1).voxels, stored.gradient.second) < 1e-4)
        #expect(throws: IntensityError.self) { try image.derivative(along: 3) }
        let flat = try noise([4, 1, 3])
        #expect(try flat.derivative(along: 1).voxels.allSatisfy { $0 == 0 })
    }

    /// A linear ramp in the world has the same gradient on a turned and sheared grid.
    @Test func gradientOnAnObliqueGrid() throws {
        let affine = Affine([1.2, 0.3, 0, 5], [-0.4, 0.9, 0.2, -3], [0.1, 0, 2.1, 1])
        let grid = try Grid(shape: [5, 6, 4], affine: affine)
        var voxels: [Float] = []
        for k in 0..<4 {
            for j in 0..<6 {
                for i in 0..<5 {
                    let p = affine(SIMD3(Double(i), Double(j), Double(k)))
                    voxels.append(Float(2 * p.x - 3 * p.y + 6 * p.z))
                }
            }
        }
        #expect(try Volume(grid: grid, voxels: voxels).gradientMagnitude().voxels.allSatisfy { abs($0 - 7) < 1e-3 })
    }

    @Test func histogramsEqualNumpy() throws {
        for h in stored.histograms {
            let own = try image.histogram(bins: h.bins, range: h.range.map { $0[0]...$0[1] })
            #expect(own.counts == h.counts)
            #expect(zip(own.edges, h.edges).allSatisfy { abs($0 - $1) < 1e-9 } && own.edges.count == h.edges.count)
        }
        #expect(try image.histogram(bins: 9, in: mask).counts.reduce(0, +) == mask.voxels.reduce(0) { $0 + Int($1) })
        // A border belongs to the bin above it, the last one to the last bin, whatever a product rounds to.
        let tenths = Volume(grid: try Grid(shape: [11, 1, 1], affine: .identity), voxels: (0...10).map { Float($0) * 0.125 })
        #expect(try tenths.histogram(bins: 10, range: 0...1.25).counts == [1, 1, 1, 1, 1, 1, 1, 1, 1, 2])
        #expect(try image.with(.init(repeating: 3, count: image.voxels.count)).histogram(bins: 4).edges == [2.5, 2.75, 3, 3.25, 3.5])
        #expect(throws: IntensityError.self) { try image.histogram(bins: 0) }
        #expect(throws: IntensityError.self) { try image.histogram(bins: 5, range: 3...3) }
        #expect(throws: IntensityError.self) { try image.with(.init(repeating: .nan, count: image.voxels.count)).histogram(bins: 4) }
    }

    @Test func severalThresholdsEqualSimpleITK() throws {
        let operations = try Operations.stored.get()
        let grid = try Grid(shape: [16, 15, 14], affine: .identity)
        for o in stored.otsu {
            let own = try Volume(grid: grid, voxels: o.image == "both" ? operations.both : operations.whole)
                .otsuThresholds(classes: o.classes, bins: o.bins)
            #expect(own.count == o.classes - 1)
            for (a, b) in zip(own, o.thresholds) { #expect(abs(Double(a) - b) < 2e-3 * abs(b), "\(o)") }
        }
        #expect(throws: IntensityError.self) { try image.otsuThresholds(classes: 1) }
        #expect(throws: IntensityError.self) { try image.otsuThresholds(classes: 3, bins: 5000) }
    }

    @Test func nyulEqualsNumpy() throws {
        let scale = try IntensityStandard(learning: [image, other], masks: [mask, otherMask])
        #expect(zip(scale.values, stored.nyul.values).allSatisfy { abs($0 - $1) < 1e-4 })
        let mapped = try image.standardised(to: scale, in: mask)
        #expect(largestDifference(seventh(mapped), stored.nyul.mapped) < 1e-3)
        let flat = image.with(.init(repeating: 7, count: image.voxels.count))
        #expect(throws: IntensityError.self) { try flat.standardised(to: scale, in: mask) }
        #expect(throws: IntensityError.self) { try IntensityStandard(learning: [flat], masks: [mask]) }
        #expect(throws: IntensityError.self) { try IntensityStandard(learning: []) }
        #expect(throws: IntensityError.self) { try IntensityStandard(learning: [image], masks: [mask, mask]) }
        #expect(throws: IntensityError.self) { try IntensityStandard(percents: [1, 1], values: [1, 2]) }
        #expect(throws: IntensityError.self) { try IntensityStandard(percents: [1, 2], values: [1, .nan]) }
    }

    /// numpy's quantiles; the script compares them with SimpleITK's filter.
    @Test func matchingEqualsNumpy() throws {
        let whole = Mask(grid: image.grid, voxels: .init(repeating: 1, count: image.voxels.count))
        let matched = try image.matched(to: other, points: 9, in: whole, otherMask: whole)
        #expect(largestDifference(seventh(matched), stored.matched) < 1e-3)
        #expect(abs(try matched.percentile(50) - other.percentile(50)) < 0.01)
        #expect(throws: IntensityError.self) { try image.matched(to: other, points: 0) }
    }

    /// The reference is a kernel density estimate of every value.
    @Test func whiteStripeEqualsADensityEstimate() throws {
        let grid = try Grid(shape: [16, 15, 14], affine: .identity)
        let v = Volume(grid: grid, voxels: try Operations.stored.get().both)
        let all = Mask(grid: grid, voxels: .init(repeating: 1, count: v.voxels.count))
        for s in stored.stripes {
            let stripe = try v.whiteStripe(in: all, contrast: #require(WhiteStripe.Contrast(rawValue: s.contrast)))
            #expect(abs(stripe.peak - s.peak) < 0.3 && abs(stripe.low - s.low) < 0.5 && abs(stripe.high - s.high) < 0.5, "\(stripe)")
            #expect(abs(stripe.mean - s.mean) < 0.3 && abs(stripe.std - s.std) < 0.1, "\(stripe)")
            let inside = try v.threshold(within: Float(stripe.low)...Float(stripe.high))
            let after = try v.whiteStriped(stripe).statistics(in: inside)
            #expect(abs(after.mean) < 1e-5 && abs(after.std - 1) < 1e-5)
        }
        #expect(throws: IntensityError.self) { try v.whiteStripe(in: all, width: 0.5) }
        #expect(throws: IntensityError.self) { try v.with(.init(repeating: 3, count: v.voxels.count)).whiteStripe(in: all) }
    }

    @Test func noiseLevelEqualsNumpy() throws {
        #expect(abs(try image.noiseLevel(in: mask) - stored.noise) < 1e-4)
        let one = Volume(grid: try Grid(shape: [5, 5, 1], affine: .identity), voxels: (0..<25).map(Float.init))
        #expect(throws: IntensityError.self) { try one.noiseLevel() }
    }

    @Test func thresholdHoldsBothEnds() throws {
        let v = Volume(grid: try Grid(shape: [5, 1, 1], affine: .identity), voxels: [1, 2, 3, .nan, .infinity])
        #expect(try v.threshold(within: 2...3).voxels == [0, 1, 1, 0, 0])
        #expect(try v.threshold(within: -.infinity ... .infinity).voxels == [1, 1, 1, 0, 1])
    }
}
