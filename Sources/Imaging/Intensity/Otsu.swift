import Support

extension Volume {
    /// The threshold that separates two classes of values best (Otsu 1979), over a histogram of `bins` equal bins.
    ///
    /// The upper edge of the last bin of the lower class, as SimpleITK's OtsuThreshold. NaN and infinite voxels are left out.
    /// Throws `IntensityError.argument` for `bins` outside 2 … 2²⁰, `.flat` when all finite values are one, `.notFinite` when no value is finite,
    /// and `Interrupted`.
    public func otsuThreshold(bins: Int = 128) throws -> Float { try otsuThresholds(classes: 2, bins: bins)[0] }

    /// The ascending thresholds that separate `classes` classes of values best: those that make the variance between the classes greatest,
    /// over a histogram of `bins` equal bins (Otsu 1979, section IV). Each is the upper edge of the last bin of its lower class, as
    /// SimpleITK's OtsuMultipleThresholds. NaN and infinite voxels are left out.
    ///
    /// Throws `IntensityError.argument` for numbers out of range, `.flat` when all finite values are one, `.notFinite` when no value is finite,
    /// and `Interrupted`.
    public func otsuThresholds(classes: Int, bins: Int = 128) throws -> [Float] {
        guard bins >= 2, bins <= 1 << 20 else {
            throw IntensityError.argument(name: "bins", value: Double(bins), allowed: "2 … \(1 << 20)")
        }
        guard classes >= 2, classes <= Swift.min(16, bins) else {
            throw IntensityError.argument(name: "classes", value: Double(classes), allowed: "2 … \(Swift.min(16, bins))")
        }
        // The work for more than two classes grows with the square of the bins.
        guard classes == 2 || bins <= 4096 else {
            throw IntensityError.argument(name: "bins", value: Double(bins), allowed: "2 … 4096 for more than two classes")
        }
        let range = try Self.finiteExtent(voxels, operation: "otsu")
        let low = Double(range.lowerBound), high = Double(range.upperBound)
        guard high > low else { throw IntensityError.flat(value: low, operation: "otsu") }
        let width = (high - low) / Double(bins)
        let edges = (0...bins).map { $0 == bins ? high : low + width * Double($0) }
        return try Self.divisions(try Self.counts(voxels, edges: edges), classes: classes).map { Float(edges[$0]) }
    }

    /// Voxels above the Otsu threshold. NaN voxels are not in it. Throws `IntensityError.argument` for `bins` outside 2 … 2²⁰, `.flat` when all finite
    /// values are one, `.notFinite` when no value is finite, and `Interrupted`.
    public func otsu(bins: Int = 128) throws -> Mask {
        let threshold = try otsuThreshold(bins: bins)
        return Mask(
            grid: grid,
            voxels: try Voxels.map(voxels) { x, out, n in
                for i in 0..<n { out[i] = x[i] > threshold ? 1 : 0 }
            }, header: header?.forDerivedValues())
    }

    /// The first bins of all classes but the lowest. The variance between classes is greatest where Σ S² / N is, S a class's sum of values
    /// and N its number; for a given division of the upper bins the lower ones can be divided on their own, so each class more is one step
    /// over all pairs of bins. Of equally good divisions the one that comes first. Throws `Interrupted`.
    private static func divisions(_ counts: [Int], classes: Int) throws -> [Int] {
        let bins = counts.count
        var number = [0.0], sum = [0.0]
        for (b, n) in counts.enumerated() {
            number.append(number[b] + Double(n))
            sum.append(sum[b] + Double(n) * (Double(b) + 0.5))
        }
        // Values about their mean, so that squares stay small.
        let mean = sum[bins] / number[bins]
        for b in 0...bins { sum[b] -= mean * number[b] }
        func term(_ from: Int, _ to: Int) -> Double {
            let n = number[to] - number[from], s = sum[to] - sum[from]
            return n > 0 ? s * s / n : 0
        }
        // best[b]: of the bins from b on in as many classes as have been counted; next[c][b]: where the second of c + 2 classes begins.
        var best = (0...bins).map { term($0, bins) }
        var next: [[Int]] = []
        for more in 1..<classes {
            var better = [Double](repeating: -.infinity, count: bins + 1), place = [Int](repeating: bins, count: bins + 1)
            // The outermost step is only asked from the first bin on.
            for from in more == classes - 1 ? 0...0 : 0...bins {
                try Interrupt.check()
                for to in from..<bins where to > from {
                    let value = term(from, to) + best[to]
                    if value > better[from] { (better[from], place[from]) = (value, to) }
                }
            }
            best = better
            next.append(place)
        }
        var at = 0
        return next.reversed().map { place in
            at = place[at]
            return at
        }
    }
}
