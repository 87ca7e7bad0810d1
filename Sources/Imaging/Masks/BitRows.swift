import Support

/// A mask with 64 voxels of a row in each word.
struct BitRows {
    let shape: SIMD3<Int>
    /// Words a row.
    let width: Int
    private var words: [UInt64]

    /// `inverted` takes zeros for ones; bits beyond a row's end stay 0.
    init(_ voxels: [UInt8], shape: SIMD3<Int>, inverted: Bool) throws {
        self.shape = shape
        width = (shape.x + 63) / 64
        let (n, width) = (shape.x, width)
        words = try Voxels.repeating(0, width * shape.y * shape.z)
        let wanted: UInt8 = inverted ? 0 : 1
        try words.withUnsafeMutableBufferPointer { words in
            try voxels.withUnsafeBufferPointer { voxels in
                let p = Unchecked((words.baseAddress!, voxels.baseAddress!))
                try Parallel.slabs(shape.z) { k in
                    for row in k * shape.y..<(k + 1) * shape.y {
                        let (words, voxels) = (p.value.0 + row * width, p.value.1 + row * n)
                        for w in 0..<width {
                            var word: UInt64 = 0
                            for i in w * 64..<min(n, w * 64 + 64) where voxels[i] == wanted { word |= 1 << UInt64(i & 63) }
                            words[w] = word
                        }
                    }
                }
            }
        }
    }

    private init(shape: SIMD3<Int>, width: Int, words: [UInt64]) {
        self.shape = shape
        self.width = width
        self.words = words
    }

    /// Each voxel becomes 1 when any voxel of the ball about it is; with `beyondEdge`, all that lies outside the image is 1.
    func dilated(by ball: Ball, beyondEdge: Bool = false) throws -> BitRows {
        let (ny, nz, width) = (shape.y, shape.z, width)
        var out = try Voxels.repeating(UInt64(0), words.count)
        try words.withUnsafeBufferPointer { words in
            try out.withUnsafeMutableBufferPointer { out in
                let p = Unchecked((words.baseAddress!, out.baseAddress!))
                try Parallel.slabs(nz) { k in
                    let (words, out) = p.value
                    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: width) { line in
                        let line = line.baseAddress!
                        for span in ball.spans {
                            let fromK = k + span.k
                            for j in 0..<ny {
                                let target = out + (k * ny + j) * width
                                let fromJ = j + span.j
                                if fromK < 0 || fromK >= nz || fromJ < 0 || fromJ >= ny {
                                    if beyondEdge { for w in 0..<width { target[w] = ~0 } }
                                    continue
                                }
                                let source = words + (fromK * ny + fromJ) * width
                                widen(source, by: span.half, into: line, beyondEdge)
                                for w in 0..<width { target[w] |= line[w] }
                            }
                        }
                    }
                }
            }
        }
        return BitRows(shape: shape, width: width, words: out)
    }

    /// A row with every 1 spread over `half` voxels to both sides, by doubling.
    @inline(__always)
    private func widen(_ row: UnsafePointer<UInt64>, by half: Int, into line: UnsafeMutablePointer<UInt64>, _ beyondEdge: Bool) {
        for w in 0..<width { line[w] = row[w] }
        if half == 0 { return }
        var done = 0
        while done < half {
            // Runs of 2d + 1 shifted by as much leave no gap.
            let step = min(half - done, 2 * done + 1)
            spread(line, step)
            done += step
        }
        if beyondEdge {
            // The voxels before the first and after the last reach `half` inwards.
            for i in 0..<min(half, shape.x) {
                line[i >> 6] |= 1 << UInt64(i & 63)
                let last = shape.x - 1 - i
                line[last >> 6] |= 1 << UInt64(last & 63)
            }
        }
    }

    /// line |= line shifted by `step` up and down.
    @inline(__always)
    private func spread(_ line: UnsafeMutablePointer<UInt64>, _ step: Int) {
        let words = step >> 6, bits = UInt64(step & 63)
        withUnsafeTemporaryAllocation(of: UInt64.self, capacity: width) { copy in
            for w in 0..<width { copy.initializeElement(at: w, to: line[w]) }
            for w in 0..<width {
                var word = line[w]
                if w >= words {
                    word |= copy[w - words] << bits
                    if bits > 0, w > words { word |= copy[w - words - 1] >> (64 - bits) }
                }
                if w + words < width {
                    word |= copy[w + words] >> bits
                    if bits > 0, w + words + 1 < width { word |= copy[w + words + 1] << (64 - bits) }
                }
                line[w] = word
            }
        }
    }

    /// One byte a voxel again.
    func voxels(inverted: Bool) throws -> [UInt8] {
        let n = shape.x, flip: UInt8 = inverted ? 1 : 0
        return try words.withUnsafeBufferPointer { words in
            let p = Unchecked(words.baseAddress!)
            return try [UInt8](unsafeUninitializedCapacity: n * shape.y * shape.z) { out, initialised in
                let q = Unchecked(out.baseAddress!)
                try Parallel.slabRanges(shape.y * shape.z, grain: 64) { rows in
                    for row in rows {
                        let (words, out) = (p.value + row * width, q.value + row * n)
                        for i in 0..<n { out[i] = UInt8(truncatingIfNeeded: words[i >> 6] >> UInt64(i & 63)) & 1 ^ flip }
                    }
                }
                initialised = out.count
            }
        }
    }
}
