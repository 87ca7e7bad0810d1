import Glibc
import Imaging
import Support
import Testing

@Suite struct PhantomTests {
    private let clean = Phantom.Options(noise: 0, bias: 0)

    @Test func oneSeedIsOneHead() throws {
        let a = try Phantom.make(seed: 7, shape: [30, 41, 37], spacing: [6, 5, 6])
        let threads = Parallel.threads
        Parallel.threads = 1
        let b = try Phantom.make(seed: 7, shape: [30, 41, 37], spacing: [6, 5, 6])
        Parallel.threads = threads
        #expect(a.image.voxels == b.image.voxels)
        #expect(a.labels.voxels == b.labels.voxels && a.bias.voxels == b.bias.voxels && a.mask.voxels == b.mask.voxels)
        let c = try Phantom.make(seed: 8, shape: [30, 41, 37], spacing: [6, 5, 6])
        let differing = zip(a.mask.voxels, c.mask.voxels).reduce(0) { $0 + ($1.0 == $1.1 ? 0 : 1) }
        #expect(differing > 500)
    }

    @Test func aFinerGridShowsTheSameHead() throws {
        // Every second voxel of the fine grid lies on a voxel of the coarse one: both are centred on the world's origin.
        let coarse = try Phantom.make(seed: 3, shape: [41, 51, 51], spacing: [4, 4, 4], options: clean)
        let fine = try Phantom.make(seed: 3, shape: [81, 101, 101], spacing: [2, 2, 2], options: clean)
        for k in 0..<51 {
            for j in 0..<51 {
                for i in 0..<41 where coarse.labels[i, j, k] != fine.labels[2 * i, 2 * j, 2 * k] {
                    Issue.record("voxel (\(i), \(j), \(k)) is \(coarse.labels[i, j, k]) and \(fine.labels[2 * i, 2 * j, 2 * k])")
                    return
                }
            }
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64]) func anatomy(seed: UInt64) throws {
        let head = try Phantom.make(seed: seed, shape: [80, 100, 112], spacing: [2.4, 2.4, 2.4])
        var counts = [Int](repeating: 0, count: 17)
        for v in head.labels.voxels { counts[Int(v)] += 1 }
        for tissue in Phantom.Tissue.allCases { #expect(counts[Int(tissue.rawValue)] > 5, "\(tissue)") }
        let ml = 2.4 * 2.4 * 2.4 / 1000
        // Adult brains with their fluid; grey and white matter in proportion.
        let brain = Double(head.mask.voxels.reduce(0) { $0 + Int($1) }) * ml
        #expect(brain > 900 && brain < 2100, "\(brain) ml")
        #expect((0.4...2.5).contains(Double(counts[2]) / Double(counts[3])), "grey \(counts[2]) white \(counts[3])")
        for i in head.mask.voxels.indices {
            let tissue = try #require(Phantom.Tissue(rawValue: UInt8(head.labels.voxels[i])))
            if (head.mask.voxels[i] == 1) != tissue.isBrain {
                Issue.record("mask and label \(tissue) disagree")
                return
            }
        }
        // The brain is one piece, and the head does not touch the top of the field of view.
        let largest = try head.mask.largestComponent()
        #expect(Double(largest.count) > 0.995 * Double(head.mask.count))
        #expect(head.image.voxels.allSatisfy { $0.isFinite && $0 >= 0 })
        #expect(head.labels.voxels.suffix(80 * 100).allSatisfy { $0 == 0 })
    }

    /// A threshold finds no brain: the best pair of bounds on intensity leaves scalp, marrow and muscle in.
    @Test(arguments: [1, 5] as [UInt64]) func noThresholdFindsTheBrain(seed: UInt64) throws {
        let head = try Phantom.make(seed: seed, shape: [48, 64, 80], spacing: [4, 4, 4])
        let top = try #require(head.image.voxels.max())
        var inside = [Int](repeating: 0, count: 65), all = inside
        for i in head.image.voxels.indices {
            let bin = min(63, Int(head.image.voxels[i] / top * 64))
            all[bin + 1] += 1
            if head.mask.voxels[i] == 1 { inside[bin + 1] += 1 }
        }
        for b in 1...64 {
            inside[b] += inside[b - 1]
            all[b] += all[b - 1]
        }
        var best = 0.0
        for low in 0..<64 {
            for high in low + 1...64 {
                let hit = Double(inside[high] - inside[low]), chosen = Double(all[high] - all[low])
                best = max(best, 2 * hit / (chosen + Double(inside[64])))
            }
        }
        #expect(best < 0.85, "Dice \(best)")
    }

    @Test func theFieldMultipliesTheImage() throws {
        let shape = SIMD3(40, 40, 40), spacing = SIMD3<Double>(5, 5, 5)
        let plain = try Phantom.make(seed: 2, shape: shape, spacing: spacing, options: clean)
        let shaded = try Phantom.make(seed: 2, shape: shape, spacing: spacing, options: .init(noise: 0, bias: 0.4))
        #expect(plain.bias.voxels.allSatisfy { $0 == 1 })
        for i in plain.image.voxels.indices {
            #expect(abs(shaded.image.voxels[i] - plain.image.voxels[i] * shaded.bias.voxels[i]) <= 1e-5 * shaded.image.voxels[i])
        }
        let (low, high) = (shaded.bias.voxels.min()!, shaded.bias.voxels.max()!)
        #expect(low > 0.05 && high < 20 && high / low > 1.5)
    }

    /// In air the magnitude of two normal channels has mean σ√(π/2) and mean square 2σ² (Rayleigh).
    @Test func noiseIsRician() throws {
        let shape = SIMD3(48, 64, 64), spacing = SIMD3<Double>(5, 5, 5)
        let clean = try Phantom.make(seed: 9, shape: shape, spacing: spacing, options: .init(noise: 0, bias: 0))
        let noisy = try Phantom.make(seed: 9, shape: shape, spacing: spacing, options: .init(noise: 0.1, bias: 0))
        let air = clean.image.voxels.indices.filter { clean.image.voxels[$0] == 0 }
        let values = air.map { Double(noisy.image.voxels[$0]) }
        let mean = values.reduce(0, +) / Double(values.count)
        let square = values.reduce(0) { $0 + $1 * $1 } / Double(values.count)
        #expect(values.count > 50_000)
        #expect(abs(mean / (square / 2).squareRoot() - (Double.pi / 2).squareRoot()) < 0.01)
        // σ is a tenth of white matter's brightness.
        let white = clean.labels.voxels.indices.filter { clean.labels.voxels[$0] == 3 }.map { Double(clean.image.voxels[$0]) }.sorted()
        #expect(abs((square / 2).squareRoot() / white[white.count / 2] - 0.1) < 0.01)
    }

    @Test func anyShapeAndSpacing() throws {
        for (shape, spacing): (SIMD3<Int>, SIMD3<Double>) in [
            ([1, 1, 1], [1, 1, 1]), ([5, 7, 9], [30, 20, 25]), ([3, 90, 2], [0.7, 2, 3]),
        ] {
            let head = try Phantom.make(seed: 1, shape: shape, spacing: spacing)
            #expect(head.image.grid.shape == shape && head.image.grid.spacing == spacing)
            let c = head.image.grid.centre
            #expect(abs(c.x) + abs(c.y) + abs(c.z) < 1e-9)
        }
    }

    @Test func requestsOutOfRange() {
        for spacing: SIMD3<Double> in [[0, 1, 1], [1, -1, 1], [1, 1, .nan], [1, .infinity, 1], [1e-9, 1, 1]] {
            #expect(throws: SynthesisError.self) { try Phantom.make(seed: 1, shape: [8, 8, 8], spacing: spacing) }
        }
        #expect(throws: GridError.self) { try Phantom.make(seed: 1, shape: [8, 0, 8], spacing: .one) }
        #expect(throws: GridError.self) { try Phantom.make(seed: 1, shape: [.max, 2, 8], spacing: .one) }
        #expect(throws: SynthesisError.tooLarge("a phantom", [1024, 1024, 1024], most: Phantom.largestCount)) { try Phantom.make(seed: 1, shape: [1024, 1024, 1024], spacing: .one) }
        for bad in [Phantom.Options(noise: -1), .init(bias: 9), .init(rotation: .nan), .init(shift: -1)] {
            #expect(throws: SynthesisError.self) { try Phantom.make(seed: 1, shape: [8, 8, 8], spacing: .one, options: bad) }
        }
    }

    @Test func sinesAreSines() {
        for i in -3000...3000 {
            let t = Float(i) * 0.00137
            let s = Double(Waves.sine(turns: SIMD16(repeating: t))[5])
            #expect(abs(s - sin(2 * .pi * Double(t))) < 2e-5)
        }
    }
}
