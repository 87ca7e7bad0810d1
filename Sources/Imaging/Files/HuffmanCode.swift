/// A canonical Huffman code (RFC 1951, 3.2.2) for symbols that were counted, with a bound on the lengths.
final class HuffmanCode {
    let count: Int
    private let longest: Int
    /// How often each symbol is used; set by whoever counts.
    let counts: UnsafeMutablePointer<UInt32>
    /// For each symbol its code, the first bit lowest, times 16, plus its length; 0 for one that is not used.
    let codes: UnsafeMutablePointer<UInt32>
    private var order: [(count: UInt32, symbol: Int)] = []
    private var work: [Int] = []

    init(count: Int, longest: Int) {
        (self.count, self.longest) = (count, longest)
        counts = .allocate(capacity: count)
        codes = .allocate(capacity: count)
        clear()
        codes.initialize(repeating: 0, count: count)
    }

    deinit {
        counts.deallocate()
        codes.deallocate()
    }

    func clear() { counts.initialize(repeating: 0, count: count) }

    func length(_ symbol: Int) -> Int { Int(codes[symbol] & 15) }

    /// Bits that the counted symbols take.
    var bitCount: Int { (0..<count).reduce(0) { $0 + Int(counts[$1]) * length($1) } }

    /// Makes the code of the counts.
    func assign() {
        order.removeAll(keepingCapacity: true)
        for symbol in 0..<count where counts[symbol] > 0 { order.append((counts[symbol], symbol)) }
        codes.update(repeating: 0, count: count)
        // A code of one symbol has one bit all the same, and one of none has a symbol that is never used.
        if order.isEmpty { order.append((0, 0)) }
        order.sort { ($0.count, $0.symbol) < ($1.count, $1.symbol) }
        var ofLength = lengthCounts()

        // Codes of each length follow one another; the rarest symbols get the longest.
        var next = [Int](repeating: 0, count: longest + 2), code = 0
        for length in 1...longest {
            code = (code + (length > 1 ? ofLength[length - 1] : 0)) << 1
            next[length] = code
        }
        var length = longest
        for entry in order {
            while ofLength[length] == 0 { length -= 1 }
            ofLength[length] -= 1
            codes[entry.symbol] = UInt32(length)
        }
        for symbol in 0..<count {
            let length = Int(codes[symbol])
            if length == 0 { continue }
            codes[symbol] = UInt32(Self.reversed(next[length], length) << 4 | length)
            next[length] += 1
        }
    }

    /// How many symbols get a code of each length. Lengths by Moffat and Katajainen (In-place calculation of minimum-redundancy codes,
    /// 1995), then brought within the bound.
    private func lengthCounts() -> [Int] {
        let n = order.count
        var ofLength = [Int](repeating: 0, count: longest + 2)
        if n == 1 {
            ofLength[1] = 1
            return ofLength
        }
        // First weights, then parents, then depths of inner nodes.
        work.removeAll(keepingCapacity: true)
        work.append(contentsOf: order.lazy.map { Int($0.count) })
        work.withUnsafeMutableBufferPointer { a in
            a[0] += a[1]
            var root = 0, leaf = 2
            for next in 1..<(n - 1) {
                func lighter() -> Int {
                    if leaf >= n || (root < next && a[root] < a[leaf]) {
                        let weight = a[root]
                        a[root] = next
                        root += 1
                        return weight
                    }
                    leaf += 1
                    return a[leaf - 1]
                }
                let first = lighter()
                a[next] = first + lighter()
            }
            a[n - 2] = 0
            for next in stride(from: n - 3, through: 0, by: -1) { a[next] = a[a[next]] + 1 }
            var available = 1, used = 0, depth = 0, inner = n - 2
            while available > 0 {
                while inner >= 0, a[inner] == depth {
                    used += 1
                    inner -= 1
                }
                ofLength[min(depth, longest)] += available - used
                available = 2 * used
                depth += 1
                used = 0
            }
        }
        // Cutting codes to the bound takes up more than there is: lengthen shorter ones until all fit again.
        var space = (1...longest).reduce(0) { $0 + ofLength[$1] << (longest - $1) }
        while space > 1 << longest {
            ofLength[longest] -= 1
            var length = longest - 1
            while ofLength[length] == 0 { length -= 1 }
            ofLength[length] -= 1
            ofLength[length + 1] += 2
            space -= 1
        }
        return ofLength
    }

    private static func reversed(_ code: Int, _ length: Int) -> Int {
        var code = code, out = 0
        for _ in 0..<length {
            out = out << 1 | code & 1
            code >>= 1
        }
        return out
    }
}

/// The head of a block with codes of its own (RFC 1951, 3.2.7): their lengths, in run lengths, which have a code themselves.
struct CodeLengths {
    static let order = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]

    private let literalCount: Int
    private let distanceCount: Int
    private let lengths: HuffmanCode
    private var lengthCount = 19
    private var items: [(symbol: Int, extra: Int, bits: Int)] = []

    /// Bits that `write` writes.
    private(set) var bitCount: Int

    init(_ literals: HuffmanCode, _ distances: HuffmanCode, _ lengths: HuffmanCode) {
        func used(_ code: HuffmanCode, least: Int) -> Int {
            max(least, ((0..<code.count).last { code.length($0) > 0 } ?? 0) + 1)
        }
        literalCount = used(literals, least: 257)
        distanceCount = used(distances, least: 1)
        self.lengths = lengths
        let all = (0..<literalCount).map { literals.length($0) } + (0..<distanceCount).map { distances.length($0) }
        var place = 0
        while place < all.count {
            let value = all[place]
            var run = 1
            while place + run < all.count, all[place + run] == value { run += 1 }
            if value == 0, run >= 3 {
                run = min(run, 138)
                items.append(run <= 10 ? (17, run - 3, 3) : (18, run - 11, 7))
            } else if value != 0, run >= 4 {
                run = min(run, 7)
                items.append((value, 0, 0))
                items.append((16, run - 4, 2))
            } else {
                run = 1
                items.append((value, 0, 0))
            }
            place += run
        }
        lengths.clear()
        for item in items { lengths.counts[item.symbol] += 1 }
        lengths.assign()
        while lengthCount > 4, lengths.length(Self.order[lengthCount - 1]) == 0 { lengthCount -= 1 }
        bitCount = 14 + 3 * lengthCount + lengths.bitCount + items.reduce(0) { $0 + $1.bits }
    }

    func write(_ bits: inout BitWriter) {
        bits.put(UInt64(literalCount - 257), 5)
        bits.put(UInt64(distanceCount - 1), 5)
        bits.put(UInt64(lengthCount - 4), 4)
        for symbol in Self.order.prefix(lengthCount) { bits.put(UInt64(lengths.length(symbol)), 3) }
        for item in items {
            bits.put(UInt64(lengths.codes[item.symbol] >> 4), lengths.length(item.symbol))
            bits.put(UInt64(item.extra), item.bits)
        }
    }
}
