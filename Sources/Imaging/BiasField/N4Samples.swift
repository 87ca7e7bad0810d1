import Glibc
import Support

/// The voxels that N4 learns from: every shrink-th along each axis that lies in the mask and is above 0, kept compactly by rows.
package struct N4Samples {
    /// The image's shape, the factor used on each axis, the samples along each axis, and the first sample's voxel.
    package let full, factor, shape, offset: SIMD3<Int>
    /// Samples of row r (= j + shape.y · k) are rowStart[r] ..< rowStart[r + 1].
    package let rowStart: [Int]
    /// Position of each sample along its row, in samples.
    package let column: [Int32]
    /// Log of the image, and the log of the image as corrected so far.
    package let logImage: [Float]
    package internal(set) var logCorrected: [Float]
    /// Log field so far.
    package internal(set) var field: [Float]
    /// Weight of each sample in the fit; empty when all are 1.
    package let weight: [Float]

    package var count: Int { logImage.count }
    /// The voxels of the first and the last sample.
    package var domain: SplineLattice.Domain {
        SplineLattice.Domain(first: offset, last: offset &+ (shape &- 1) &* factor)
    }

    package init(_ image: Volume, mask: Mask?, weights: Volume?, shrink: SIMD3<Int>) throws {
        let n = image.grid.shape
        try Self.checkValues(image, mask: mask, weights: weights)
        let directions = image.grid.affine.nearestAxes
        var factor = SIMD3<Int>.one, shape = SIMD3<Int>.one, offset = SIMD3<Int>.zero
        for a in 0..<3 {
            factor[a] = min(shrink[a], max(1, n[a] / 4))
            shape[a] = n[a] / factor[a]
            // Samples sit in the middle of the field of view, or, where that falls between two voxels, on the one that lies to the right,
            // behind or below: whichever way the axes are stored, they are the same places. (ITK's shrinking leaves it to the rounding of
            // positions in mm; on the heads that both were tried on, these are the places that agree with it best.)
            let left = n[a] - 1 - factor[a] * (shape[a] - 1), (axis, flipped) = directions[a]
            offset[a] = flipped == (axis == 0) ? left / 2 : (left + 1) / 2
        }
        (full, self.factor, self.shape, self.offset) = (n, factor, shape, offset)

        let thinned = try Self.thinned(image, factor: factor, shape: shape, offset: offset)
        let foreground = mask == nil ? try Self.foreground(image, thinned, offset: offset, factor: factor) : nil
        var values: [Float] = [], columns: [Int32] = [], weight: [Float] = [], rowStart = [0]
        rowStart.reserveCapacity(shape.y * shape.z + 1)
        for k in 0..<shape.z {
            try Interrupt.check()
            for j in 0..<shape.y {
                let base = image.grid.index(offset.x, offset.y + j * factor.y, offset.z + k * factor.z)
                let row = shape.x * (j + shape.y * k)
                for i in 0..<shape.x {
                    let v = thinned.voxels[row + i]
                    guard v > 0, foreground?[row + i] != 0, mask == nil || mask!.voxels[base + i * factor.x] != 0 else { continue }
                    if let weights {
                        let w = weights.voxels[base + i * factor.x]
                        guard w > 0 else { continue }
                        weight.append(w)
                    }
                    values.append(v)
                    columns.append(Int32(i))
                }
                rowStart.append(values.count)
            }
        }
        if values.isEmpty { throw Self.reasonForNone(image, mask: mask, weights: weights, factor: factor) }
        self.rowStart = rowStart
        column = columns
        self.weight = weight
        logImage = values.map { logf($0) }
        logCorrected = logImage
        field = [Float](repeating: 0, count: values.count)
    }

    /// 1 for each sample that is learnt from without a mask: above Otsu's threshold of the whole image (of the thinned one where none lies above that, 0 where
    /// all values are one) with neighbours above it, or, where hardly any have such, without.
    private static func foreground(_ image: Volume, _ thinned: Volume, offset: SIMD3<Int>, factor: SIMD3<Int>) throws -> [UInt8] {
        let n = thinned.grid.shape, area = n.x * n.y
        for source in [image, thinned] {
            let threshold: Float
            do { threshold = max(try source.otsuThreshold(bins: 200), 0) } catch is IntensityError { continue }
            let planes = try Parallel.mapSlabs(n.z, grain: 1) { slices in
                slices.flatMap { k in
                    (0..<area).map { at -> UInt8 in
                        guard thinned.voxels[k * area + at] > threshold else { return 0 }
                        return isInside(image, offset &+ SIMD3(at % n.x, at / n.x, k) &* factor, threshold) ? 2 : 1
                    }
                }
            }
            let layers = planes.flatMap { $0 }, inside = layers.count { $0 == 2 }, above = layers.count { $0 > 0 }
            if above > 0 { return layers.map { $0 > (4 * inside < above ? 0 : 1) ? 1 : 0 } }
        }
        return [UInt8](repeating: 1, count: area * n.z)
    }

    /// Whether the voxel's neighbours along each axis, as far as the image reaches, all lie above the threshold. Others are partly of air or bone, and darker
    /// by that than by the field.
    private static func isInside(_ image: Volume, _ at: SIMD3<Int>, _ threshold: Float) -> Bool {
        let n = image.grid.shape, index = image.grid.index(at.x, at.y, at.z)
        var step = 1
        for a in 0..<3 {
            if at[a] > 0, image.voxels[index - step] <= threshold { return false }
            if at[a] < n[a] - 1, image.voxels[index + step] <= threshold { return false }
            step *= n[a]
        }
        return true
    }

    /// Throws for values that are not finite where they are looked at, and for weights below 0 or not finite.
    private static func checkValues(_ image: Volume, mask: Mask?, weights: Volume?) throws {
        let plane = image.grid.shape.x * image.grid.shape.y
        func place(_ at: Int) -> SIMD3<Int> { [at % image.grid.shape.x, at % plane / image.grid.shape.x, at / plane] }
        let found = try Parallel.mapSlabs(image.grid.count, grain: 1 << 20) { range -> (count: Int, first: Int, used: Int, bad: Int) in
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

    /// The image at every `factor`-th voxel.
    private static func thinned(_ image: Volume, factor: SIMD3<Int>, shape: SIMD3<Int>, offset: SIMD3<Int>) throws -> Volume {
        let grid = try Grid(shape: shape, affine: image.grid.affine)
        let area = shape.x * shape.y
        let voxels = try [Float](unsafeUninitializedCapacity: grid.count) { out, count in
            let out = Unchecked(out.baseAddress!)
            try image.voxels.withUnsafeBufferPointer { voxels in
                let voxels = Unchecked(voxels)
                try Parallel.slabs(shape.z) { k in
                    for j in 0..<shape.y {
                        let base = image.grid.index(offset.x, offset.y + j * factor.y, offset.z + k * factor.z)
                        for i in 0..<shape.x { out.value[k * area + j * shape.x + i] = voxels.value[base + i * factor.x] }
                    }
                }
            }
            count = grid.count
        }
        return Volume(grid: grid, voxels: voxels)
    }

    /// Sets the field to the lattice's values, and says how it changed: the coefficient of variation of (field before) /
    /// (field after), and the range of the corrected logs.
    package mutating func follow(_ lattice: SplineLattice, axes: [SplineAxis]) throws -> (variation: Double, range: ClosedRange<Float>) {
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
                                                        row.baseAddress!, at: Int(column[s]), first: first.baseAddress!,
                                                        weights: weights.baseAddress!)
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
