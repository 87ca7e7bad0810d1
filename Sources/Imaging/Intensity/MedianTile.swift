import CKernels
import Kernels
import Support

/// Medians of a box of voxels, by counts that move with the window (Huang, Yang, Tang 1979, doi:10.1109/TASSP.1979.1163188), with
/// histograms of columns (Perreault, Hébert 2007, doi:10.1109/TIP.2007.902329), so that the time of a voxel hardly depends on the radius.
///
/// Histograms want few levels, and values are any floats: the values that a box's windows hold are sorted once, and each is known by its
/// rank from then on. As no two have one rank, a histogram is a set of bits. The set of each cross-section of the window, one for each x,
/// changes by two rows of voxels as the window moves in y or z; along x the window's set gains one of these and loses another. The median
/// is exact.
struct MedianTile {
    /// Voxels along each axis that share their sorted values: with the largest radius, 7, these are 30³, and ranks have 16 bits.
    static let side = 16
    static let greatestRadius = 7

    private let radius: SIMD3<Int>
    /// Voxels of the box with its windows, at most.
    private let most: Int
    /// Words that hold a bit for each rank.
    private let mostWords: Int
    private let space: UnsafeMutableRawPointer
    // Items of the sort, twice; sorted values; ranks by place; the sets of cross-sections; a window's set; the ranks of a row's medians.
    private let items, spare: UnsafeMutablePointer<UInt64>
    private let sorted: UnsafeMutablePointer<Float>
    private let ranks: UnsafeMutablePointer<UInt16>
    private let sets, window: UnsafeMutablePointer<UInt64>
    private let found: UnsafeMutablePointer<Int32>

    /// Memory for one box after the other, to be given back with `free`.
    init(radius: SIMD3<Int>) {
        self.radius = radius
        let block = radius &* 2 &+ Self.side
        most = block.x * block.y * block.z
        mostWords = (most + 511) / 512 * 8
        let bytes = 16 * most + 4 * most + 2 * most + 8 * mostWords * (block.x + 1) + 4 * Self.side + 7 * 64
        space = .allocate(byteCount: bytes, alignment: 64)
        var next = space
        func take<T>(_ count: Int, _ type: T.Type) -> UnsafeMutablePointer<T> {
            let start = next.bindMemory(to: type, capacity: count)
            next += (count * MemoryLayout<T>.stride + 63) / 64 * 64
            return start
        }
        items = take(most, UInt64.self)
        spare = take(most, UInt64.self)
        sorted = take(most, Float.self)
        ranks = take(most, UInt16.self)
        sets = take(mostWords * block.x, UInt64.self)
        window = take(mostWords, UInt64.self)
        found = take(Self.side, Int32.self)
    }

    func free() { space.deallocate() }

    /// Sets the medians of the voxels of `box`, at most `side` along each axis.
    func run(_ image: UnsafePointer<Float>, shape: SIMD3<Int>, box: Box, to out: UnsafeMutablePointer<Float>) {
        let block = box.shape &+ radius &* 2, sides = radius &* 2 &+ 1
        let count = block.x * block.y * block.z
        if gather(image, shape, from: box.from &- radius, block) {
            // Air, or what has been masked: one value throughout.
            let value = image[box.from.x + shape.x * (box.from.y + shape.y * box.from.z)]
            for k in box.from.z..<box.to.z {
                for j in box.from.y..<box.to.y {
                    (out + (box.from.x + shape.x * (j + shape.y * k))).update(repeating: value, count: box.shape.x)
                }
            }
            return
        }
        sort(count)
        let words = (count + 511) / 512 * 8
        sets.update(repeating: 0, count: words * block.x)
        for k in 0..<sides.z { for j in 0..<sides.y { flip(row: j + block.y * k, block.x, words) } }
        var j = 0, step = 1
        for k in 0..<box.shape.z {
            if k > 0 {
                for row in j..<j + sides.y {
                    flip(row: row + block.y * (k - 1), block.x, words)
                    flip(row: row + block.y * (k - 1 + sides.z), block.x, words)
                }
            }
            // Up and down in turn, so that the window never jumps.
            for n in 0..<box.shape.y {
                if n > 0 {
                    let (gone, come) = step > 0 ? (j, j + sides.y) : (j + sides.y - 1, j - 1)
                    for plane in k..<k + sides.z {
                        flip(row: gone + block.y * plane, block.x, words)
                        flip(row: come + block.y * plane, block.x, words)
                    }
                    j += step
                }
                var call = SKMiddleRanks(
                    sets: sets, window: window, out: found, words: Int64(words), count: Int64(box.shape.x), width: Int64(sides.x),
                    below: Int64(sides.x * sides.y * sides.z / 2))
                Kernels.images.middleRanks(&call)
                let row = out + (box.from.x + shape.x * (box.from.y + j + shape.y * (box.from.z + k)))
                for i in 0..<box.shape.x { row[i] = sorted[Int(found[i])] }
            }
            step = -step
        }
    }

    /// The block's values as items of the sort, the image's outermost voxels repeated beyond it. True when all are one.
    private func gather(_ image: UnsafePointer<Float>, _ shape: SIMD3<Int>, from: SIMD3<Int>, _ block: SIMD3<Int>) -> Bool {
        var n = 0, differing: UInt32 = 0
        var first: UInt32?
        for k in from.z..<from.z + block.z {
            for j in from.y..<from.y + block.y {
                let row = image + (min(shape.z - 1, max(0, k)) * shape.y + min(shape.y - 1, max(0, j))) * shape.x
                for i in from.x..<from.x + block.x {
                    let key = Selection.key(row[min(shape.x - 1, max(0, i))])
                    if first == nil { first = key }
                    differing |= key ^ first!
                    items[n] = UInt64(key) << 16 | UInt64(n)
                    n += 1
                }
            }
        }
        return differing == 0
    }

    /// Sorts the items by their values, eleven bits at a time, and tells values and places of their ranks.
    private func sort(_ count: Int) {
        let bins = 1 << 11
        var (from, to) = (items, spare)
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: 3 * bins) { counts in
            counts.initialize(repeating: 0)
            for n in 0..<count {
                let key = Int(truncatingIfNeeded: items[n] >> 16)
                counts[key & 2047] &+= 1
                counts[bins + (key >> 11 & 2047)] &+= 1
                counts[2 * bins + (key >> 22)] &+= 1
            }
            for digit in 0..<3 {
                let places = counts.baseAddress! + digit * bins, shift = UInt64(16 + 11 * digit)
                // Where all values share these bits, they are in order already.
                if places[Int(truncatingIfNeeded: from[0] >> shift) & 2047] == Int32(count) { continue }
                var sum: Int32 = 0
                for b in 0..<bins { (places[b], sum) = (sum, sum + places[b]) }
                for n in 0..<count {
                    let item = from[n], bin = Int(truncatingIfNeeded: item >> shift) & 2047
                    to[Int(places[bin])] = item
                    places[bin] &+= 1
                }
                swap(&from, &to)
            }
        }
        for rank in 0..<count {
            sorted[rank] = Selection.number(UInt32(truncatingIfNeeded: from[rank] >> 16))
            ranks[Int(truncatingIfNeeded: from[rank] & 0xFFFF)] = UInt16(truncatingIfNeeded: rank)
        }
    }

    /// Takes a row of the block into the sets of the cross-sections, or out of them.
    @inline(__always)
    private func flip(row: Int, _ width: Int, _ words: Int) {
        let ranks = ranks + row * width
        for x in 0..<width {
            let rank = Int(ranks[x])
            sets[x &* words &+ rank >> 6] ^= 1 << UInt64(rank & 63)
        }
    }
}
