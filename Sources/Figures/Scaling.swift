extension Slice<Float> {
    /// The slice at another size: Catmull–Rom interpolation where it grows, the same kernel widened to average where it shrinks.
    /// Pixel areas are aligned: the outer edges of the first and last pixels stay where they are.
    package func scaled(columns: Int, rows: Int) -> Slice<Float> {
        let across = Self.taps(from: self.columns, to: columns)
        let down = Self.taps(from: self.rows, to: rows)
        var narrow = [Float](repeating: 0, count: columns * self.rows)
        for row in 0..<self.rows {
            for column in 0..<columns {
                let tap = across[column]
                var sum: Float = 0
                for (n, weight) in tap.weights.enumerated() { sum += weight * values[row * self.columns + tap.first + n] }
                narrow[row * columns + column] = sum
            }
        }
        var result = [Float](repeating: 0, count: columns * rows)
        for row in 0..<rows {
            for (n, weight) in down[row].weights.enumerated() {
                let source = (down[row].first + n) * columns
                for column in 0..<columns { result[row * columns + column] += weight * narrow[source + column] }
            }
        }
        return Slice(columns: columns, rows: rows, values: result)
    }

    /// For each output place, the first input and the weights from there on; they sum to 1, and inputs beyond the ends repeat the end.
    private static func taps(from: Int, to: Int) -> [(first: Int, weights: [Float])] {
        let ratio = Double(from) / Double(to)
        let stretch = Swift.max(1, ratio)
        return (0..<to).map { place in
            let centre = (Double(place) + 0.5) * ratio - 0.5
            let low = Int((centre - 2 * stretch).rounded(.up)), high = Int((centre + 2 * stretch).rounded(.down))
            let first = Swift.min(Swift.max(low, 0), from - 1), last = Swift.min(Swift.max(high, 0), from - 1)
            var weights = [Double](repeating: 0, count: last - first + 1)
            for i in low...Swift.max(low, high) {
                weights[Swift.min(Swift.max(i, first), last) - first] += catmullRom(abs(Double(i) - centre) / stretch)
            }
            let total = weights.reduce(0, +)
            return (first, weights.map { Float($0 / total) })
        }
    }

    private static func catmullRom(_ t: Double) -> Double {
        if t >= 2 { return 0 }
        return t < 1 ? (1.5 * t - 2.5) * t * t + 1 : ((-0.5 * t + 2.5) * t - 4) * t + 2
    }
}
