import Glibc
import Imaging
import Support
import Testing

@Suite struct NoiseTests {
    private func flat(_ value: Float, _ shape: SIMD3<Int> = [40, 41, 39]) throws -> Volume {
        let grid = try Grid(shape: shape, affine: .identity)
        return Volume(grid: grid, voxels: .init(repeating: value, count: grid.count))
    }

    @Test func momentsOfGaussianNoise() throws {
        let s = try flat(50).withNoise(sigma: 4, kind: .gaussian, seed: 2).statistics()
        // Four standard errors.
        let n = Double(s.count)
        #expect(abs(s.mean - 50) < 16 / n.squareRoot() && abs(s.std - 4) < 16 / (2 * n).squareRoot())
    }

    /// Of nothing, Rician noise is Rayleigh's: mean σ √(π/2); everywhere it raises the mean of squares by 2 σ².
    @Test func momentsOfRicianNoise() throws {
        let zero = try flat(0).withNoise(sigma: 4, seed: 2).statistics()
        #expect(abs(zero.mean - 4 * (Double.pi / 2).squareRoot()) < 0.05 && zero.min >= 0)
        let v = try flat(10).withNoise(sigma: 4, seed: 3).statistics()
        #expect(abs(v.mean * v.mean + v.std * v.std - (100 + 32)) < 1.5)
    }

    /// Squares would turn negative values into positive ones: an image of z-scores is refused, one that rings a little below 0 is not.
    @Test func ricianNoiseNeedsMagnitudes() throws {
        let negative = try flat(-5, [12, 12, 12]), ringing = try flat(-0.5, [12, 12, 12])
        let refusal = IntensityError.negative(least: -5, operation: "noise")
        #expect(throws: refusal) { try negative.withNoise(sigma: 1) }
        #expect(throws: Never.self) { try negative.withNoise(sigma: 1, kind: .gaussian) }
        #expect(throws: Never.self) { try ringing.withNoise(sigma: 1) }
        var options = NonLocalMeans.Options()
        options.sigma = 1
        #expect(throws: IntensityError.negative(least: -5, operation: "denoise")) { try NonLocalMeans.denoise(negative, options: options) }
        options.rician = false
        #expect(try NonLocalMeans.denoise(negative, options: options).voxels.allSatisfy { abs($0 + 5) < 1e-5 })
    }

    /// NaN stays NaN beside it, and only there.
    @Test func gradientsKeepNaN() throws {
        let grid = try Grid(shape: [5, 5, 5], affine: .identity)
        let v = Volume(grid: grid, voxels: (0..<125).map { $0 == grid.index(2, 2, 2) ? .nan : 1 })
        let out = try v.gradientMagnitude()
        #expect(out[1, 2, 2].isNaN && out[2, 2, 3].isNaN && out[0, 0, 0] == 0 && out[4, 2, 2] == 0)
    }

    @Test func noiseDependsOnTheSeedAlone() throws {
        let v = try flat(10)
        let threads = Parallel.threads
        defer { Parallel.threads = threads }
        let many = try v.withNoise(sigma: 1, seed: 5).voxels
        Parallel.threads = 1
        #expect(try v.withNoise(sigma: 1, seed: 5).voxels == many)
        #expect(try v.withNoise(sigma: 1, seed: 6).voxels != many)
        #expect(throws: IntensityError.self) { try v.withNoise(sigma: -1) }
        #expect(throws: IntensityError.self) { try v.withNoise(sigma: .nan) }
    }

    @Test(arguments: [1, 2, 5]) func biasFieldsAreSmoothAndOfTheStrengthAskedFor(spans: Int) throws {
        let grid = try Grid(shape: [30, 34, 28], affine: .identity)
        let field = try grid.syntheticBias(strength: 0.3, spans: spans, seed: 9)
        let logs = field.with(field.voxels.map { logf($0) })
        let s = try logs.statistics()
        #expect(abs(s.mean) < 0.05 && abs(s.std - 0.3) < 0.06, "\(s)")
        #expect(try logs.gradientMagnitude().statistics().max < Float(spans) * 0.15)
        #expect(try grid.syntheticBias(strength: 0.3, spans: spans, seed: 9).voxels == field.voxels)
        #expect(try grid.syntheticBias(strength: 0.3, spans: spans, seed: 10).voxels != field.voxels)
        #expect(try grid.syntheticBias(strength: 0).voxels.allSatisfy { $0 == 1 })
        #expect(throws: IntensityError.self) { try grid.syntheticBias(strength: 0.3, spans: 0) }
        #expect(throws: IntensityError.self) { try grid.syntheticBias(strength: .nan) }
    }

    /// The definition, one voxel and one candidate at a time.
    @Test(arguments: [(1, 1, true), (2, 1, false), (3, 2, true), (5, 2, true), (2, 4, false)])
    func denoisingEqualsItsDefinition(search: Int, patch: Int, rician: Bool) throws {
        // Two tiles along the second axis and the third.
        let shape = SIMD3(19, 18, 19)
        let v = try noise(shape, seed: 3)
        var options = NonLocalMeans.Options()
        (options.sigma, options.search, options.patch, options.rician, options.strength) = (0.15, search, patch, rician, 1.3)
        func at(_ p: SIMD3<Int>) -> Double {
            let q = pointwiseMin(pointwiseMax(p, .zero), shape &- 1)
            return Double(v[q.x, q.y, q.z])
        }
        func box(_ r: Int) -> [SIMD3<Int>] {
            (-r...r).flatMap { c in (-r...r).flatMap { b in (-r...r).map { SIMD3($0, b, c) } } }
        }
        let near = box(patch)
        let scale = 2 * 1.3 * 0.15 * 0.15 * Double(near.count)
        var chosen = [UInt8](repeating: 0, count: v.voxels.count)
        for i in chosen.indices where i % 5 != 0 { chosen[i] = 1 }
        let out = try NonLocalMeans.denoise(v, mask: Mask(grid: v.grid, voxels: chosen), options: options)
        for k in stride(from: 0, to: shape.z, by: 3) {
            for j in stride(from: 0, to: shape.y, by: 4) {
                for i in 0..<shape.x {
                    let p = SIMD3(i, j, k)
                    var sum = 0.0, total = 0.0, greatest = 0.0
                    for d in box(search) where d != .zero {
                        var apart = 0.0
                        for t in near {
                            let difference = at(p &+ t) - at(p &+ t &+ d)
                            apart += difference * difference
                        }
                        let w = exp(-apart / scale), value = at(p &+ d)
                        sum += w * (rician ? value * value : value)
                        total += w
                        greatest = max(greatest, w)
                    }
                    sum += greatest * (rician ? at(p) * at(p) : at(p))
                    let mean = sum / (total + greatest)
                    let expected = rician ? max(0, mean - 2 * 0.15 * 0.15).squareRoot() : mean
                    let place = v.grid.index(i, j, k)
                    #expect(abs(Double(out.voxels[place]) - (chosen[place] == 0 ? at(p) : expected)) < 2e-5, "\(p)")
                }
            }
        }
    }

    /// Bright voxels that touch no others along z: nothing is said of a mask that was not given.
    @Test func noiseIsNotMeasuredWithoutCubes() throws {
        let grid = try Grid(shape: [8, 8, 8], affine: .identity)
        let v = Volume(grid: grid, voxels: (0..<512).map { $0 / 64 % 2 == 0 ? 100 : 1 })
        #expect(throws: IntensityError.noCube(masked: false, operation: "noise_level")) { try v.noiseLevel() }
        let sheet = Mask(grid: grid, voxels: v.voxels.indices.map { $0 < 64 ? 1 : 0 })
        #expect(throws: IntensityError.noCube(masked: true, operation: "noise_level")) { try v.noiseLevel(in: sheet) }
        let none = Mask(grid: grid, voxels: .init(repeating: 0, count: 512))
        #expect(throws: IntensityError.emptyMask(operation: "noise_level")) { try v.noiseLevel(in: none) }
    }

    @Test func denoisingComesNearerToTheTruth() throws {
        let head = try Phantom.make(seed: 4, shape: [48, 48, 40], spacing: [4, 4, 4], options: .init(noise: 0, bias: 0.1))
        let noisy = try head.image.withNoise(sigma: 40, seed: 8)
        let level = try noisy.noiseLevel()
        #expect(level > 34 && level < 70, "estimated \(level) of 40")
        func error(_ v: Volume) throws -> Double {
            let d = try Elementwise.apply(.subtract, .volume(v), .volume(head.image)).statistics()
            return (d.mean * d.mean + d.std * d.std).squareRoot()
        }
        let before = try error(noisy), after = try error(NonLocalMeans.denoise(noisy, options: { var o = NonLocalMeans.Options(); o.sigma = 40; return o }()))
        #expect(after < before * 0.75, "\(before) before, \(after) after")
        #expect(try error(NonLocalMeans.denoise(noisy)) < before * 0.85)
    }

    @Test func badOptionsOfDenoising() throws {
        let v = try noise([9, 8, 7])
        for change: (inout NonLocalMeans.Options) -> Void in [
            { $0.search = 0 }, { $0.search = 11 }, { $0.patch = 0 }, { $0.patch = 5 }, { $0.sigma = -1 }, { $0.sigma = .nan }, { $0.strength = 0 },
        ] {
            var options = NonLocalMeans.Options()
            change(&options)
            #expect(throws: IntensityError.self) { try NonLocalMeans.denoise(v, options: options) }
        }
        var none = NonLocalMeans.Options()
        none.sigma = 0
        #expect(try NonLocalMeans.denoise(v, options: none).voxels == v.voxels)
        // Less noise than any difference: every voxel stays itself.
        none.sigma = 1e-6
        #expect(largestDifference(try NonLocalMeans.denoise(v, options: none).voxels, v.voxels) < 1e-6)
    }
}
