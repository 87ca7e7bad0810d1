import Glibc
import Imaging
import Testing

/// Cleaning up, and what is measured on the way, against slow obvious twins on random masks of odd shapes.
@Suite struct CleanUpTests {
    let shape = SIMD3(11, 13, 10)

    private func random(_ share: Double, seed: UInt64, spacing: SIMD3<Double> = [1.5, 2, 0.5]) throws -> Mask {
        try noise(shape, affine: Affine(spacing: spacing), seed: seed).mask(atLeast: 1 - share)
    }

    /// Components of the voxels of a value, through faces, by flooding; each a list of places.
    private func flood(_ mask: Mask, of value: UInt8) -> [[Int]] {
        let n = mask.grid.shape
        var seen = mask.voxels.map { $0 != value }, all: [[Int]] = []
        for start in seen.indices where !seen[start] {
            var found = [start], next = 0
            seen[start] = true
            while next < found.count {
                let at = found[next], i = at % n.x, j = at / n.x % n.y, k = at / n.x / n.y
                next += 1
                for (x, y, z) in [(i - 1, j, k), (i + 1, j, k), (i, j - 1, k), (i, j + 1, k), (i, j, k - 1), (i, j, k + 1)]
                where x >= 0 && x < n.x && y >= 0 && y < n.y && z >= 0 && z < n.z {
                    let to = x + n.x * (y + n.y * z)
                    if !seen[to] {
                        seen[to] = true
                        found.append(to)
                    }
                }
            }
            all.append(found)
        }
        return all
    }

    private func touchesBorder(_ at: Int) -> Bool {
        let i = at % shape.x, j = at / shape.x % shape.y, k = at / shape.x / shape.y
        return i == 0 || i == shape.x - 1 || j == 0 || j == shape.y - 1 || k == 0 || k == shape.z - 1
    }

    @Test(arguments: [0.05, 0.2, 0.4, 0.6, 0.8]) func equalsFlooding(_ share: Double) throws {
        for seed in 1...4 as ClosedRange<UInt64> {
            let mask = try random(share, seed: seed)
            let parts = flood(mask, of: 1)
            let size = parts.map(\.count).max() ?? 0
            let (cleaned, found) = try mask.cleaned(CleanUp())
            #expect(found.components == parts.count)
            #expect(abs(found.largestShare - Double(size) / Double(mask.count)) < 1e-12)
            let largest = try mask.largestComponent()
            #expect(largest.count == size)
            let holes = flood(largest, of: 0).filter { !$0.contains(where: touchesBorder) }
            #expect(found.holes == holes.count)
            #expect(abs(found.holeMillilitres - Double(holes.reduce(0) { $0 + $1.count }) * 1.5 / 1000) < 1e-12)
            var expected = largest.voxels
            for hole in holes { for at in hole { expected[at] = 1 } }
            #expect(cleaned.voxels == expected)
            #expect(try mask.cleaned(CleanUp(largest: false, fill: false)).mask.voxels == mask.voxels)
            #expect(try mask.cleaned(CleanUp(largest: true, fill: false)).mask.voxels == largest.voxels)
            #expect(try mask.cleaned(CleanUp(largest: false, fill: true)).mask.voxels == mask.holesFilled().voxels)
        }
    }

    @Test func emptyMasksHaveNothingToClean() throws {
        let empty = try random(0, seed: 1)
        let (mask, found) = try empty.cleaned(CleanUp())
        #expect(mask.count == 0)
        #expect(found.components == 0 && found.largestShare == 1 && found.holes == 0 && found.holeMillilitres == 0)
        #expect(try empty.contact == 0)
    }

    @Test func bordersGrowAndShrink() throws {
        let mask = try random(0.3, seed: 2)
        #expect(try mask.grown(by: 2).voxels == mask.dilated(radius: 2).voxels)
        #expect(try mask.grown(by: -1.5).voxels == mask.eroded(radius: 1.5).voxels)
        #expect(try mask.grown(by: 0).voxels == mask.voxels)
        #expect(throws: IntensityError.self) { try mask.grown(by: .nan) }
        #expect(throws: IntensityError.self) { try mask.grown(by: -.infinity) }
    }

    @Test func contactIsTheShareOfTheSurfaceOnTheBorder() throws {
        for seed in 1...5 as ClosedRange<UInt64> {
            let mask = try random(0.1 * Double(seed), seed: seed)
            let surface = try mask.boundary().voxels
            let places = surface.indices.filter { surface[$0] != 0 }
            #expect(try mask.contact == Double(places.filter(touchesBorder).count) / Double(places.count))
        }
        let thin = try Grid(shape: [1, 5, 4], affine: .identity)
        #expect(try Mask(grid: thin, voxels: [UInt8](repeating: 1, count: 20)).contact == 1)
    }

    @Test func borderEntropyIsTheMeanAlongTheBorder() throws {
        let p = try noise(shape, seed: 9)
        for threshold in [0.2, 0.5, 0.93] {
            var sum = 0.0, count = 0
            for k in 0..<shape.z {
                for j in 0..<shape.y {
                    for i in 0..<shape.x {
                        let own = Double(p[i, j, k]) >= threshold
                        let differs = [(i - 1, j, k), (i + 1, j, k), (i, j - 1, k), (i, j + 1, k), (i, j, k - 1), (i, j, k + 1)].contains {
                            x, y, z in
                            x >= 0 && x < shape.x && y >= 0 && y < shape.y && z >= 0 && z < shape.z
                                && (Double(p[x, y, z]) >= threshold) != own
                        }
                        guard differs else { continue }
                        let x = Double(p[i, j, k])
                        sum -= x > 0 && x < 1 ? (x * log(x) + (1 - x) * log(1 - x)) / log(2) : 0
                        count += 1
                    }
                }
            }
            let found = try #require(try p.borderEntropy(threshold: threshold))
            #expect(abs(found - sum / Double(count)) < 1e-9)
        }
        #expect(try p.borderEntropy(threshold: 2) == nil)
    }

    @Test func thresholdsAreComparedAsDoubles() throws {
        let grid = try Grid(shape: [4, 1, 1], affine: .identity)
        // 0.1 as float32 is above 0.1, 0.3 is below it in float32… each voxel as the comparison of doubles has it.
        let values: [Float] = [0.1, 0.7, 0.3, .nan]
        for threshold in [0.1, 0.7, 0.3, 0.100000001, 0.0999999] {
            #expect(try Volume(grid: grid, voxels: values).mask(atLeast: threshold).voxels == values.map { Double($0) >= threshold ? 1 : 0 })
        }
    }

    @Test func strippingKeepsTypeAndTakesNaN() throws {
        let grid = try Grid(shape: [3, 1, 1], affine: .identity)
        let image = Volume(grid: grid, voxels: [7, .nan, 9], datatype: .int16)
        let brain = try image.stripped(by: Mask(grid: grid, voxels: [1, 0, 0]))
        #expect(brain.voxels == [7, 0, 0] && brain.datatype == .int16)
        #expect(throws: GridError.self) {
            try image.stripped(by: Mask(grid: Grid(shape: [3, 1, 1], affine: Affine(spacing: [2, 1, 1])), voxels: [1, 0, 0]))
        }
    }

    /// Distances of all pairs of surface voxels, negative within the truth.
    @Test func surfacesAreSigned() throws {
        let a = try random(0.3, seed: 3), b = try random(0.2, seed: 4)
        let step = a.grid.spacing
        func places(_ m: Mask) -> [SIMD3<Int>] {
            m.voxels.indices.filter { m.voxels[$0] != 0 }.map { SIMD3($0 % shape.x, $0 / shape.x % shape.y, $0 / shape.x / shape.y) }
        }
        let truth = places(try b.boundary())
        let expected = places(try a.boundary()).map { p -> Double in
            let nearest = truth.map { q -> Double in
                let d = SIMD3<Double>(p &- q) * step
                return (d * d).sum().squareRoot()
            }.min()!
            return b[p.x, p.y, p.z] ? -nearest : nearest
        }.sorted()
        let found = try SignedSurfaceDistances(of: a, from: b)
        #expect(found.count == expected.count)
        #expect(abs(found.mean - expected.reduce(0, +) / Double(expected.count)) < 1e-5)
        for percent in [0.0, 5, 50, 77.7, 100] {
            let place = percent / 100 * Double(expected.count - 1), i = Int(place), j = min(i + 1, expected.count - 1)
            #expect(abs(found.percentile(percent) - (expected[i] + (place - Double(i)) * (expected[j] - expected[i]))) < 1e-5)
        }
        let same = try SignedSurfaceDistances(of: b, from: b)
        #expect(same.percentile(0) == 0 && same.percentile(100) == 0)
        let none = try SignedSurfaceDistances(of: a, from: random(0, seed: 1))
        #expect(none.count == 0 && none.mean.isNaN && none.percentile(50).isNaN)
    }

    /// Three ways of one brain: to its own grid nothing is lost, to a finer one little, to coarser ones more and more.
    @Test func coarserGridsHaveLowerCeilings() throws {
        let brain = try Phantom.make(seed: 2, shape: [40, 48, 44], spacing: [4, 4, 4]).mask
        func ceiling(_ spacing: Double) throws -> GridCeiling {
            try GridCeiling(of: brain, on: Grid.centred(on: brain.grid, spacing: SIMD3(repeating: spacing)))
        }
        let own = try GridCeiling(of: brain, on: brain.grid)
        #expect(own.hard == 1 && own.soft == 1)
        let all = try [3, 6, 9, 14].map(ceiling)
        for (finer, coarser) in zip(all, all.dropFirst()) { #expect(finer.hard > coarser.hard && finer.soft > coarser.soft) }
        #expect(all[0].hard > 0.98 && all[3].hard < 0.95)
    }
}
