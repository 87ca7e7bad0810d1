import Glibc
import Support

/// The voxels that N4 learns from: every shrink-th along each axis that lies in the mask and is above 0, kept compactly by rows.
struct N4Samples {
    /// The image's shape, the factor used on each axis, the samples along each axis, and the first sample's voxel.
    let full, factor, shape, offset: SIMD3<Int>
    /// Samples of row r (= j + shape.y · k) are rowStart[r] ..< rowStart[r + 1].
    let rowStart: [Int]
    /// Position of each sample along its row, in samples.
    let column: [Int32]
    /// Log of the image, and the log of the image as corrected so far.
    let logImage: [Float]
    var logCorrected: [Float]
    /// Log field so far.
    var field: [Float]
    /// Weight of each sample in the fit; empty when all are 1.
    let weight: [Float]

    var count: Int { logImage.count }
    func slab(_ k: Int) -> Range<Int> { rowStart[k * shape.y]..<rowStart[(k + 1) * shape.y] }

    init(_ image: Volume, mask: Mask?, weights: Volume?, shrink: SIMD3<Int>) throws {
        let n = image.grid.shape
        try Self.checkValues(image, mask: mask, weights: weights)
        var factor = SIMD3<Int>.one, shape = SIMD3<Int>.one, offset = SIMD3<Int>.zero
        for a in 0..<3 {
            factor[a] = min(shrink[a], max(1, n[a] / 4))
            shape[a] = n[a] / factor[a]
            // Samples sit in the middle of the field of view.
            offset[a] = (n[a] - factor[a] * (shape[a] - 1)) / 2
        }
        (full, self.factor, self.shape, self.offset) = (n, factor, shape, offset)

        var values: [Float] = [], columns: [Int32] = [], weight: [Float] = [], rowStart = [0]
        rowStart.reserveCapacity(shape.y * shape.z + 1)
        for k in 0..<shape.z {
            try Interrupt.check()
            for j in 0..<shape.y {
                let base = image.grid.index(offset.x, offset.y + j * factor.y, offset.z + k * factor.z)
                for i in 0..<shape.x {
                    let at = base + i * factor.x
                    let v = image.voxels[at]
                    guard v > 0, mask == nil || mask!.voxels[at] != 0 else { continue }
                    if let weights {
                        guard weights.voxels[at] > 0 else { continue }
                        weight.append(weights.voxels[at])
                    }
                    values.append(v)
                    columns.append(Int32(i))
                }
                rowStart.append(values.count)
            }
        }
        if values.isEmpty { throw Self.reasonForNone(image, mask: mask, weights: weights, factor: factor) }

        if mask == nil, let threshold = Self.otsu(values, zeros: shape.x * shape.y * shape.z - values.count) {
            var kept = 0, row = 0
            for s in values.indices {
                while s == rowStart[row + 1] {
                    rowStart[row + 1] = kept
                    row += 1
                }
                guard values[s] > threshold else { continue }
                values[kept] = values[s]
                columns[kept] = columns[s]
                if weights != nil { weight[kept] = weight[s] }
                kept += 1
            }
            for r in row + 1..<rowStart.count { rowStart[r] = kept }
            values.removeLast(values.count - kept)
            columns.removeLast(columns.count - kept)
            if weights != nil { weight.removeLast(weight.count - kept) }
        }
        self.rowStart = rowStart
        column = columns
        self.weight = weight
        logImage = values.map { logf($0) }
        logCorrected = logImage
        field = [Float](repeating: 0, count: values.count)
    }

    /// Throws for values that are not finite where they are looked at, and for weights below 0 or not finite.
    private static func checkValues(_ image: Volume, mask: Mask?, weights: Volume?) throws {
        let plane = image.grid.shape.x * image.grid.shape.y
        func place(_ at: Int) -> SIMD3<Int> { [at % image.grid.shape.x, at % plane / image.grid.shape.x, at / plane] }
        let found = Parallel.mapRanges(image.grid.count, grain: 1 << 20) { range -> (count: Int, first: Int, used: Int, bad: Int) in
            if Interrupt.isRaised { return (0, -1, 1, -1) }
            var count = 0, first = -1, used = 0, bad = -1
            if let weights {
                for i in range where !(weights.voxels[i] >= 0 && weights.voxels[i] < .infinity) {
                    bad = i
                    break
                }
            }
            // A sum times 0 is 0 unless a value is not finite: no branch where all is well.
            var sum: SIMD8<Float> = .zero
            image.voxels.withUnsafeBytes { bytes in
                for i in stride(from: range.lowerBound, to: range.upperBound - 7, by: 8) {
                    sum += bytes.loadUnaligned(fromByteOffset: 4 * i, as: SIMD8<Float>.self) * 0
                }
            }
            for i in range.upperBound - range.count % 8..<range.upperBound { sum[0] += image.voxels[i] * 0 }
            if sum.sum() != 0 {
                for i in range where !image.voxels[i].isFinite && (mask == nil || mask!.voxels[i] != 0) {
                    if first < 0 { first = i }
                    count += 1
                }
            }
            if let mask {
                used = mask.voxels.withUnsafeBufferPointer { v in range.reduce(0) { $0 + Int(v[$1]) } }
            } else {
                used = range.count
            }
            return (count, first, used, bad)
        }
        try Interrupt.check()
        if found.allSatisfy({ $0.used == 0 }) { throw N4Error.emptyMask }
        let count = found.reduce(0) { $0 + $1.count }
        if let first = found.first(where: { $0.first >= 0 })?.first {
            throw N4Error.notFinite(count: count, first: place(first), inMask: mask != nil)
        }
        if let weights, let bad = found.first(where: { $0.bad >= 0 })?.bad {
            throw N4Error.badWeight(value: Double(weights.voxels[bad]), at: place(bad))
        }
    }

    private static func reasonForNone(_ image: Volume, mask: Mask?, weights: Volume?, factor: SIMD3<Int>) -> N4Error {
        var usable = 0
        for i in image.voxels.indices
        where image.voxels[i] > 0 && (mask == nil || mask!.voxels[i] != 0) && (weights == nil || weights!.voxels[i] > 0) {
            usable += 1
        }
        return usable == 0 ? .nothingPositive : .shrunkAway(count: usable, shrink: factor)
    }

    /// Otsu's threshold (1979) over 200 bins of the positive values and of the zeros beside them; nil when all values are one.
    private static func otsu(_ values: [Float], zeros: Int) -> Float? {
        let bins = 200
        guard let high = values.max(), var low = values.min() else { return nil }
        if zeros > 0 { low = 0 }
        guard high > low else { return nil }
        let width = (Double(high) - Double(low)) / Double(bins)
        var histogram = [Double](repeating: 0, count: bins)
        histogram[0] = Double(zeros)
        for v in values { histogram[min(bins - 1, Int((Double(v) - Double(low)) / width))] += 1 }
        let total = histogram.reduce(0, +)
        let moment = histogram.indices.reduce(0) { $0 + histogram[$1] * Double($1) }
        var below = 0.0, belowMoment = 0.0, best = -1.0, cut = 0
        for b in 0..<bins - 1 {
            below += histogram[b]
            belowMoment += histogram[b] * Double(b)
            guard below > 0, below < total else { continue }
            let apart = belowMoment / below - (moment - belowMoment) / (total - below)
            let between = below * (total - below) * apart * apart
            if between > best { (best, cut) = (between, b) }
        }
        let threshold = Float(Double(low) + Double(cut + 1) * width)
        // At least the largest value stays above the threshold, whatever rounding did.
        return threshold < high ? threshold : nil
    }

    /// Sets the field to the lattice's values, and says how it changed: the coefficient of variation of (field before) /
    /// (field after), and the range of the corrected logs.
    mutating func follow(_ lattice: SplineLattice, axes: [SplineAxis]) throws -> (variation: Double, range: ClosedRange<Float>) {
        struct Part { var sum = 0.0, squares = 0.0, low = Float.infinity, high = -Float.infinity }
        var parts = [Part](repeating: Part(), count: shape.z)
        let (rowStart, shape) = (rowStart, shape)
        try field.withUnsafeMutableBufferPointer { field in
            try logCorrected.withUnsafeMutableBufferPointer { corrected in
                try parts.withUnsafeMutableBufferPointer { parts in
                    let out = Unchecked((field.baseAddress!, corrected.baseAddress!, parts.baseAddress!))
                    try Parallel.slabs(shape.z) { k in
                        if rowStart[k * shape.y] == rowStart[(k + 1) * shape.y] { return }
                        let (field, corrected, parts) = out.value
                        let plane = lattice.plane(at: k, of: axes[2])
                        var row = [Float](repeating: 0, count: lattice.size.x)
                        var part = Part()
                        for j in 0..<shape.y {
                            let samples = rowStart[k * shape.y + j]..<rowStart[k * shape.y + j + 1]
                            if samples.isEmpty { continue }
                            lattice.row(of: plane, at: j, of: axes[1], into: &row)
                            axes[0].first.withUnsafeBufferPointer { first in
                                axes[0].weights.withUnsafeBufferPointer { weights in
                                    row.withUnsafeBufferPointer { row in
                                        column.withUnsafeBufferPointer { column in
                                            logImage.withUnsafeBufferPointer { image in
                                                for s in samples {
                                                    let value = SplineLattice.value(
                                                        row.baseAddress!, at: Int(column[s]), first: first.baseAddress!, weights: weights.baseAddress!)
                                                    // exp(d) − 1 for the small steps of a turn: the ratio's deviation from 1.
                                                    let step = FastExp.minusOne(field[s] - value)
                                                    part.sum += Double(step)
                                                    part.squares += Double(step) * Double(step)
                                                    field[s] = value
                                                    let log = image[s] - value
                                                    corrected[s] = log
                                                    part.low = min(part.low, log)
                                                    part.high = max(part.high, log)
                                                }
                                            }
                                        }
                                    }
                                }
                            }
                        }
                        parts[k] = part
                    }
                }
            }
        }
        var all = Part()
        for part in parts {
            all.sum += part.sum
            all.squares += part.squares
            all.low = min(all.low, part.low)
            all.high = max(all.high, part.high)
        }
        let n = Double(count)
        let mean = all.sum / n
        let variance = n > 1 ? max(0, all.squares - n * mean * mean) / (n - 1) : 0
        return (variance.squareRoot() / (1 + mean), all.low...max(all.low, all.high))
    }
}
