import Support

extension Volume {
    /// The threshold that separates two classes of values best (Otsu 1979), over a histogram of `bins` equal bins.
    ///
    /// The upper edge of the last bin of the lower class, as SimpleITK's OtsuThreshold. NaN and infinite voxels are left out.
    /// Throws `IntensityError.flat` when all finite values are one.
    public func otsuThreshold(bins: Int = 128) throws -> Float {
        guard bins >= 2, bins <= 1 << 20 else {
            throw IntensityError.argument(name: "bins", value: Double(bins), allowed: "2 … \(1 << 20)")
        }
        var low = Float.infinity, high = -Float.infinity
        let ranges = voxels.withUnsafeBufferPointer { buffer in
            let source = Unchecked(buffer)
            return Parallel.mapRanges(buffer.count, grain: Voxels.grain) { range in
                var low = Float.infinity, high = -Float.infinity
                for i in range {
                    let v = source.value[i]
                    // Comparisons with NaN are false; infinities are kept out by hand.
                    if v < low, v > -.infinity { low = v }
                    if v > high, v < .infinity { high = v }
                }
                return (low, high)
            }
        }
        for (a, b) in ranges {
            low = Swift.min(low, a)
            high = Swift.max(high, b)
        }
        guard low <= high else {
            throw IntensityError.notFinite(count: voxels.count, of: voxels.count, operation: "otsu")
        }
        guard high > low else { throw IntensityError.flat(value: Double(low), operation: "otsu") }
        return Self.otsuThreshold(histogram(from: low, to: high, bins: bins), low: Double(low), high: Double(high))
    }

    /// Voxels above the Otsu threshold. NaN voxels are not in it.
    public func otsu(bins: Int = 128) throws -> Mask {
        let threshold = try otsuThreshold(bins: bins)
        let voxels: [UInt8] = Voxels.map(voxels) { x, out, n in
            for i in 0..<n { out[i] = x[i] > threshold ? 1 : 0 }
        }
        return Mask(grid: grid, voxels: voxels, header: header?.forDerivedValues())
    }

    /// Counts of the finite values in equal bins from `low` to `high`; values outside are left out.
    func histogram(from low: Float, to high: Float, bins: Int) -> [Int] {
        let start = Double(low), scale = Double(bins) / (Double(high) - Double(low))
        let grain = max(1 << 18, (voxels.count + 15) / 16)
        let parts = voxels.withUnsafeBufferPointer { buffer in
            let source = Unchecked(buffer)
            return Parallel.mapRanges(buffer.count, grain: grain) { range in
                var counts = [Int32](repeating: 0, count: bins)
                for i in range {
                    let v = source.value[i]
                    if v >= low, v <= high { counts[Swift.min(bins - 1, Int((Double(v) - start) * scale))] &+= 1 }
                }
                return counts
            }
        }
        var all = [Int](repeating: 0, count: bins)
        for part in parts {
            for b in 0..<bins { all[b] += Int(part[b]) }
        }
        return all
    }

    /// Maximises the variance between classes over the bins' midpoints.
    private static func otsuThreshold(_ counts: [Int], low: Double, high: Double) -> Float {
        let width = (high - low) / Double(counts.count)
        let total = Double(counts.reduce(0, +))
        var sum = 0.0
        for (b, n) in counts.enumerated() { sum += Double(n) * (Double(b) + 0.5) }
        var below = 0.0, sumBelow = 0.0, best = -1.0, bestBin = 0
        for b in 0..<(counts.count - 1) {
            below += Double(counts[b])
            sumBelow += Double(counts[b]) * (Double(b) + 0.5)
            let above = total - below
            if below == 0 || above == 0 { continue }
            let apart = sumBelow / below - (sum - sumBelow) / above
            let between = below * above * apart * apart
            if between > best {
                best = between
                bestBin = b
            }
        }
        return Float(low + width * Double(bestBin + 1))
    }
}
