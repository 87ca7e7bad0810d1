import Support

/// A continuous map of intensities that is linear between knots, and beyond the outer ones as between the outermost two.
struct IntensityCurve {
    private let from, to, slope: [Double]

    /// Knots whose place is not above the one before are left out. Nil when fewer than two are left.
    init?(from places: [Double], to values: [Double]) {
        var from: [Double] = [], to: [Double] = []
        for (place, value) in zip(places, values) where from.isEmpty || place > from[from.count - 1] {
            from.append(place)
            to.append(value)
        }
        guard from.count >= 2 else { return nil }
        (self.from, self.to) = (from, to)
        slope = (1..<from.count).map { n -> Double in (to[n] - to[n - 1]) / (from[n] - from[n - 1]) }
    }

    func applied(to volume: Volume) throws -> Volume {
        try from.withUnsafeBufferPointer { from in
            try to.withUnsafeBufferPointer { to in
                try slope.withUnsafeBufferPointer { slope in
                    let knots = Unchecked((from, to, slope))
                    return volume.with(
                        try Voxels.map(volume.voxels) { x, out, n in
                            let (from, to, slope) = knots.value
                            for i in 0..<n {
                                let v = Double(x[i])
                                // The last knot that is not above the value, among those that begin a piece.
                                var low = 0, high = slope.count
                                while high - low > 1 {
                                    let middle = (low + high) / 2
                                    if from[middle] <= v { low = middle } else { high = middle }
                                }
                                out[i] = Float(to[low] + (v - from[low]) * slope[low])
                            }
                        })
                }
            }
        }
    }
}
