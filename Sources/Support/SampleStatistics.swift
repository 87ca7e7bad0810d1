/// Statistics of a list of numbers. One nan makes all of them nan, wherever it stands.
public enum SampleStatistics {
    /// Mean of at least one number.
    public static func mean(_ xs: [Double]) -> Double { xs.reduce(0, +) / Double(xs.count) }

    /// Standard deviation of the population: the squares are divided by their number.
    public static func std(_ xs: [Double]) -> Double {
        let mean = mean(xs)
        return (xs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(xs.count)).squareRoot()
    }

    /// Least of at least one number.
    public static func min(_ xs: [Double]) -> Double { xs.contains(where: \.isNaN) ? .nan : xs.min() ?? .nan }

    /// Greatest of at least one number.
    public static func max(_ xs: [Double]) -> Double { xs.contains(where: \.isNaN) ? .nan : xs.max() ?? .nan }

    /// The values below which these shares of at least one number lie, with linear interpolation between order statistics, as numpy's default has it.
    ///
    /// - Parameter percents: each from 0 to 100.
    public static func percentiles(_ xs: [Double], _ percents: [Double]) -> [Double] {
        if xs.contains(where: \.isNaN) { return percents.map { _ in .nan } }
        let sorted = xs.sorted()
        return percents.map { percent in
            let place = percent / 100 * Double(sorted.count - 1)
            let low = Int(place), fraction = place - place.rounded(.down)
            let a = sorted[low], b = sorted[Swift.min(low + 1, sorted.count - 1)]
            if a == b { return a }
            // numpy's rounding: from the nearer end.
            return fraction < 0.5 ? a + (b - a) * fraction : b - (b - a) * (1 - fraction)
        }
    }
}
