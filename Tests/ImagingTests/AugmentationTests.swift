import Glibc
import Imaging
import Support
import Testing

@Suite struct AugmentationTests {
    /// An ellipsoid with a bump, about an oblique grid's middle: its mask, and an image that falls off over its border. `fine` halves the voxels.
    private func ball(_ shape: SIMD3<Int> = [31, 35, 33], fine: Bool = false) throws -> (image: Volume, mask: Mask) {
        let step = fine ? 0.5 : 1, shape = fine ? shape &* 2 : shape
        let grid = try Grid(
            shape: shape, affine: Affine([0, 2 * step, 0.1 * step, -30], [-2.1 * step, 0, 0, 40], [0, 0.1 * step, 1.9 * step, -20]))
        var voxels = [Float](repeating: 0, count: grid.count)
        let c = grid.centre
        for k in 0..<shape.z {
            for j in 0..<shape.y {
                for i in 0..<shape.x {
                    let p = grid.affine(SIMD3(Double(i), Double(j), Double(k))) - c
                    let d = p / SIMD3(16, 20, 14), bump = (p - SIMD3(12, 8, 5)) / 9
                    let r = min((d * d).sum(), (bump * bump).sum()).squareRoot()
                    voxels[grid.index(i, j, k)] = Float(1 / (1 + exp(12 * (r - 1))))
                }
            }
        }
        return (Volume(grid: grid, voxels: voxels), Mask(grid: grid, voxels: voxels.map { $0 >= 0.5 ? 1 : 0 }))
    }

    private func all() -> Augmentation.Bounds {
        var b = Augmentation.Bounds()
        (b.flip, b.rotate, b.scale, b.shear, b.translate, b.elastic, b.crop) = (0.5, 20, 0.15, 0.1, 6, 2, 0.1)
        (b.thickness, b.blur, b.bias, b.gamma, b.contrast, b.ghosting, b.spikes, b.noise) = (6, 1, 0.3, 0.3, 0.2, 0.3, 0.3, 0.1)
        return b
    }

    @Test func nothingChangesWithBoundsOfZero() throws {
        let (image, mask) = try ball()
        let change = try Augmentation(Augmentation.Bounds(), grid: image.grid, seed: 5)
        #expect(try change.apply(to: image) === image)
        #expect(try change.apply(to: mask) === mask)
        #expect(try change.apply(toLabels: image) === image)
    }

    @Test func oneSeedIsOneChange() throws {
        let (image, mask) = try ball()
        for seed in 0..<8 as Range<UInt64> {
            let a = try Augmentation(all(), grid: image.grid, seed: seed), b = try Augmentation(all(), grid: image.grid, seed: seed)
            #expect(try a.apply(to: image).voxels == b.apply(to: image).voxels)
            #expect(try a.apply(to: mask).voxels == b.apply(to: mask).voxels)
            #expect(try a.apply(to: image).voxels.allSatisfy(\.isFinite))
        }
        let one = try Augmentation(all(), grid: image.grid, seed: 1), two = try Augmentation(all(), grid: image.grid, seed: 2)
        #expect(try one.apply(to: image).voxels != two.apply(to: image).voxels)
    }

    /// Cutting and moving are one in either order: the moved image is above one half where the moved mask is.
    @Test func maskFollowsImage() throws {
        let (image, mask) = try ball(fine: true)
        var bounds = Augmentation.Bounds()
        (bounds.flip, bounds.rotate, bounds.scale, bounds.shear, bounds.translate, bounds.elastic, bounds.crop) = (0.5, 20, 0.15, 0.1, 6, 2, 0.15)
        for seed in 0..<10 as Range<UInt64> {
            let change = try Augmentation(bounds, grid: image.grid, seed: seed)
            let moved = try change.apply(to: image), follows = try change.apply(to: mask)
            let cut = mask.with(moved.voxels.map { $0 >= 0.5 ? 1 : 0 })
            let agreement = try Overlap.dice(cut, follows), stayed = try Overlap.dice(mask, follows)
            #expect(agreement > 0.985, "seed \(seed): \(agreement)")
            #expect(stayed < 0.97, "seed \(seed) moves: \(stayed)")
        }
    }

    /// Against the same map computed by the resampling that is compared with SimpleITK elsewhere.
    @Test func movingIsResampling() throws {
        let (image, _) = try ball([17, 15, 19])
        var bounds = Augmentation.Bounds()
        bounds.translate = 5
        let moved = try Augmentation(bounds, grid: image.grid, seed: 3).apply(to: image)
        // The shift is found from where the centre of mass went.
        func centre(_ v: Volume) -> SIMD3<Double> {
            var sum = SIMD3<Double>.zero, mass = 0.0
            for k in 0..<v.grid.shape.z {
                for j in 0..<v.grid.shape.y {
                    for i in 0..<v.grid.shape.x {
                        let w = Double(v[i, j, k])
                        sum += w * v.grid.affine(SIMD3(Double(i), Double(j), Double(k)))
                        mass += w
                    }
                }
            }
            return sum / mass
        }
        let ball = try ball()
        let step = centre(try Augmentation(bounds, grid: ball.image.grid, seed: 3).apply(to: ball.image)) - centre(ball.image)
        let most = max(abs(step.x), abs(step.y), abs(step.z))
        #expect(most <= 5.01 && most > 0.5)
        let expected = try image.moved(by: Transform.translation(step)).resampled(onto: image.grid)
        for (a, b) in zip(moved.voxels, expected.voxels) { #expect(abs(a - b) < 0.02) }
    }

    @Test func elasticDisplacementHasItsDeviation() throws {
        // Of a ramp the displacement can be read off.
        let shape = SIMD3(64, 64, 64)
        let grid = try Grid(shape: shape, affine: .identity)
        let ramp = Volume(grid: grid, voxels: (0..<grid.count).map { Float($0 % 64) })
        var squares = 0.0, count = 0.0
        for seed in 0..<4 as Range<UInt64> {
            let moved = try ramp.elastic(deviation: 1.5, knots: 12, seed: seed)
            for k in 12..<52 {
                for j in 12..<52 {
                    for i in 12..<52 {
                        let d = Double(moved[i, j, k]) - Double(i)
                        squares += d * d
                        count += 1
                    }
                }
            }
        }
        let deviation = (squares / count).squareRoot()
        #expect(deviation > 1.38 && deviation < 1.62)
        #expect(try ramp.elastic(deviation: 0, knots: 12, seed: 1) === ramp)
    }

    @Test func noiseHasItsDeviation() throws {
        let (image, _) = try ball()
        var bounds = Augmentation.Bounds()
        bounds.noise = 0.5
        var shares: [Double] = []
        for seed in 0..<40 as Range<UInt64> {
            let noisy = try Augmentation(bounds, grid: image.grid, seed: seed).apply(to: image)
            let difference = image.with(zip(noisy.voxels, image.voxels).map { $0 - $1 })
            shares.append(try difference.statistics().std / image.statistics().std)
        }
        // Drawn evenly from 0 to one half.
        let mean = shares.reduce(0, +) / 40
        let most = shares.max() ?? 1, least = shares.min() ?? 1
        #expect(abs(mean - 0.25) < 0.08)
        #expect(most <= 0.51 && least < 0.1)
    }

    /// Ghosts are lines of k-space made stronger: a slow Fourier transform along the axis says the same.
    @Test func ghostsAreStrongerLinesOfKSpace() throws {
        let n = 12, count = 3, strength = 0.4
        let grid = try Grid(shape: [3, n, 2], affine: .identity)
        var random = CounterRandom(seed: 1)
        let image = Volume(grid: grid, voxels: (0..<grid.count).map { _ in Float(random.uniform()) } )
        let low = image.voxels.min()!
        let made = try image.ghosted(count: count, strength: strength, axis: 1)
        for i in 0..<3 {
            for k in 0..<2 {
                for y in 0..<n {
                    var sum = 0.0
                    for f in 0..<n {
                        let gain = f % count == 0 ? 1 + strength : 1
                        for x in 0..<n {
                            let turn = 2 * Double.pi * Double(f * (y - x)) / Double(n)
                            sum += gain * Double(image[i, x, k] - low) * cos(turn) / Double(n)
                        }
                    }
                    let found = Double(made[i, y, k] - low)
                    #expect(abs(found - abs(sum)) < 1e-5)
                }
            }
        }
        // The other axes by turning the image.
        let turned = try image.ordered(AxisOrder(axes: [1, 2, 0]))
        let other = try turned.ghosted(count: count, strength: strength, axis: 0).ordered(AxisOrder(axes: [2, 0, 1]))
        #expect(zip(other.voxels, made.voxels).allSatisfy { abs($0 - $1) < 1e-6 })
        let last = try image.ordered(AxisOrder(axes: [2, 0, 1])).ghosted(count: count, strength: strength, axis: 2).ordered(AxisOrder(axes: [1, 2, 0]))
        #expect(zip(last.voxels, made.voxels).allSatisfy { abs($0 - $1) < 1e-6 })
    }

    @Test func aSpikeIsAPlaneWave() throws {
        let grid = try Grid(shape: [7, 5, 6], affine: .identity)
        let image = Volume(grid: grid, voxels: (0..<grid.count).map { Float($0 % 11 == 0 ? 0 : 10) })
        let made = try image.spiked(wave: [0.13, 0.2, -0.07], strength: 0.5, phase: 0.1)
        let amplitude = 0.5 * (try image.statistics().std)
        for k in 0..<6 {
            for j in 0..<5 {
                for i in 0..<7 {
                    let x = 0.13 * Double(i), y = 0.2 * Double(j), z = -0.07 * Double(k)
                    let wave = amplitude * cos(2 * Double.pi * (x + y + z + 0.1))
                    let expected = abs(Double(image[i, j, k]) + wave), found = Double(made[i, j, k])
                    #expect(abs(found - expected) < 1e-4)
                }
            }
        }
    }

    /// A ramp stays a ramp between slices, and what is thinner than a slice is spread over it.
    @Test func thickSlices() throws {
        let grid = try Grid(shape: [3, 4, 40], affine: .identity)
        let ramp = Volume(grid: grid, voxels: (0..<grid.count).map { Float($0 / 12) })
        let made = try ramp.thickSlices(5, axis: 2)
        for k in 5...30 { #expect(abs(made[1, 2, k] - Float(k)) < 1e-3) }
        let sheet = Volume(grid: grid, voxels: (0..<grid.count).map { $0 / 12 == 20 ? 1 : 0 })
        let thick = try sheet.thickSlices(5, axis: 2)
        #expect(thick[1, 1, 20] < 0.25)
        #expect(thick[1, 1, 22] > 0.05)
        #expect(thick[1, 1, 26] < 0.01)
        #expect(try ramp.thickSlices(1, axis: 2) === ramp)
        let apart = ramp.grid.spacing.z, most = apart * Double(ramp.grid.shape.z - 1)
        #expect(throws: Never.self) { try ramp.thickSlices(most, axis: 2) }
        #expect(throws: IntensityError.self) { try ramp.thickSlices(most + 0.1 * apart, axis: 2) }
    }

    @Test func curves() throws {
        let (image, _) = try ball()
        let bright = try image.gamma(0.5), low = image.voxels.min()!, span = image.voxels.max()! - low
        for (a, b) in zip(image.voxels, bright.voxels) { 
            let expected: Float = low + span * ((a - low) / span).squareRoot()
            #expect(abs(b - expected) < 1e-5)
        }
        let a = try image.statistics(), b = try image.contrast(0.5).statistics()
        #expect(abs(a.mean - b.mean) < 1e-5)
        #expect(abs(b.std / a.std - 0.5) < 1e-4)
    }

    @Test func badBoundsAreNamed() throws {
        let (image, _) = try ball()
        var bounds = Augmentation.Bounds()
        bounds.rotate = -1
        #expect(throws: IntensityError.self) { try Augmentation(bounds, grid: image.grid, seed: 1) }
        #expect(throws: IntensityError.self) { try image.ghosted(count: 1, strength: 1, axis: 0) }
        #expect(throws: IntensityError.self) { try image.ghosted(count: 2, strength: 1, axis: 3) }
        #expect(throws: IntensityError.self) { try image.thickSlices(-1, axis: 0) }
        #expect(throws: IntensityError.self) { try image.gamma(0) }
        let nan = image.with(image.voxels.map { $0 > 0.9 ? .nan : $0 })
        bounds.rotate = 0
        bounds.noise = 1
        #expect(throws: IntensityError.self) { try Augmentation(bounds, grid: image.grid, seed: 1).apply(to: nan) }
        let other = try ball([9, 9, 9]).image
        #expect(throws: GridError.self) { try Augmentation(bounds, grid: image.grid, seed: 1).apply(to: other) }
    }
}
