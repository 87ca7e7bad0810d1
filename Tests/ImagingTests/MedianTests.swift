import CKernels
import Imaging
import Kernels
import Support
import Testing

@Suite struct MedianTests {
    /// The definition: the window's values, sorted.
    private func slow(_ v: Volume, _ r: SIMD3<Int>, at p: SIMD3<Int>) -> Float {
        let last = v.grid.shape &- 1
        var window: [Float] = []
        for c in -r.z...r.z {
            for b in -r.y...r.y {
                for a in -r.x...r.x {
                    let q = pointwiseMin(pointwiseMax(p &+ SIMD3(a, b, c), .zero), last)
                    window.append(v[q.x, q.y, q.z])
                }
            }
        }
        return window.sorted()[window.count / 2]
    }

    /// Boxes that end within the image, at its end, and are larger than it; radii that reach over the whole image; none along an axis.
    @Test(arguments: [
        ([37, 18, 9], [2, 2, 2]), ([17, 33, 16], [3, 1, 2]), ([5, 7, 9], [7, 7, 7]), ([1, 40, 3], [4, 7, 0]), ([21, 2, 19], [0, 3, 5]), ([1, 1, 1], [2, 2, 2]),
    ] as [(SIMD3<Int>, SIMD3<Int>)])
    func equalsItsDefinition(shape: SIMD3<Int>, radius: SIMD3<Int>) throws {
        let random = CounterRandom(seed: 5)
        let values: [(Int) -> Float] = [
            // Of no two the same, and of any sign and size; then of few, many of them equal.
            { n in Float(random.normal(at: UInt64(n)) * (n % 3 == 0 ? 1e-3 : n % 3 == 1 ? 1 : 1e6)) },
            { n in Float(random.bits(at: UInt64(n)) % 5) - 2 },
            { n in n % 2 == 0 ? .infinity : n % 3 == 0 ? -0.0 : 0 },
        ]
        for (n, value) in values.enumerated() {
            let grid = try Grid(shape: shape, affine: .identity)
            let v = Volume(grid: grid, voxels: (0..<grid.count).map(value))
            let out = try v.median(radius: radius)
            for at in stride(from: 0, to: grid.count, by: max(1, grid.count / 400)) {
                let p = SIMD3(at % shape.x, at / shape.x % shape.y, at / (shape.x * shape.y))
                #expect(out.voxels[at] == slow(v, radius, at: p), "values \(n) at \(p)")
            }
        }
    }

    @Test func oneValueStaysAndNaNIsRefused() throws {
        let grid = try Grid(shape: [20, 20, 20], affine: .identity)
        var voxels = [Float](repeating: 3.5, count: grid.count)
        #expect(try Volume(grid: grid, voxels: voxels).median(radius: [3, 3, 3]).voxels == voxels)
        voxels[4711] = .nan
        #expect(throws: IntensityError.notFinite(count: 1, of: 8000, operation: "median")) {
            try Volume(grid: grid, voxels: voxels).median(radius: [3, 3, 3])
        }
    }

    /// Sets of ranks that are shared out among cross-sections.
    @Test(arguments: Kernels.available) func middleRanks(_ set: Kernels.InstructionSet) throws {
        let table = try #require(Kernels.images(set))
        let words = 16, width = 5, count = 7, sections = count + width - 1
        let random = CounterRandom(seed: 2)
        var sets = [UInt64](repeating: 0, count: sections * words), owner: [Int: Int] = [:]
        for rank in 0..<words * 64 where random.bits(at: UInt64(rank)) % 3 == 0 {
            let section = Int(random.bits(at: UInt64(rank + 5000)) % UInt64(sections))
            sets[section * words + rank / 64] |= 1 << UInt64(rank % 64)
            owner[rank] = section
        }
        for below in [0, 11, 70] {
            var window = [UInt64](repeating: 0, count: words), out = [Int32](repeating: 0, count: count)
            sets.withUnsafeBufferPointer { s in
                window.withUnsafeMutableBufferPointer { w in
                    out.withUnsafeMutableBufferPointer { o in
                        var call = SKMiddleRanks(
                            sets: s.baseAddress!, window: w.baseAddress!, out: o.baseAddress!, words: Int64(words), count: Int64(count), width: Int64(width),
                            below: Int64(below))
                        table.middleRanks(&call)
                    }
                }
            }
            for x in 0..<count {
                let ranks = owner.filter { (x..<x + width).contains($0.value) }.keys.sorted()
                #expect(Int(out[x]) == ranks[below])
            }
        }
    }
}
