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

    /// The values below which these shares of at least one number lie, with linear interpolation between order statistics, as numpy's default has it. Throws `Interrupted`.
    ///
    /// - Parameter percents: each from 0 to 100.
    public static func percentiles(_ xs: [Double], _ percents: [Double]) throws -> [Double] {
        if xs.contains(where: \.isNaN) { return percents.map { _ in .nan } }
        let places = percents.map { $0 / 100 * Double(xs.count - 1) }
        var ordered = xs
        try place(Set(places.flatMap { [Int($0), Swift.min(Int($0) + 1, xs.count - 1)] }).sorted(), of: &ordered)
        return places.map { place in
            let low = Int(place), fraction = place - place.rounded(.down)
            let a = ordered[low], b = ordered[Swift.min(low + 1, ordered.count - 1)]
            if a == b || fraction == 0 { return a }
            // numpy's rounding: from the nearer end.
            return fraction < 0.5 ? a + (b - a) * fraction : b - (b - a) * (1 - fraction)
        }
    }

    /// Brings the numbers of these ascending ranks to where they would stand in order: Hoare's selection (1961), for several ranks at once, by pivots of chance so that no
    /// order of the numbers is a slow one.
    private static func place(_ ranks: [Int], of xs: inout [Double]) throws {
        var open = [(numbers: 0..<xs.count, ranks: ranks[...])], random = CounterRandom(seed: 0, stream: 0)
        while let (numbers, ranks) = open.popLast() {
            guard numbers.count > 1, !ranks.isEmpty else { continue }
            try Interrupt.check()
            let pivot = xs[Int.random(in: numbers, using: &random)]
            // Less than the pivot, equal to it, not seen, greater.
            var less = numbers.lowerBound, next = less, greater = numbers.upperBound
            while next < greater {
                let x = xs[next]
                if x < pivot {
                    xs.swapAt(less, next)
                    less += 1
                    next += 1
                } else if x > pivot {
                    greater -= 1
                    xs.swapAt(next, greater)
                } else {
                    next += 1
                }
            }
            let (below, above) = (ranks.prefix { $0 < less }, ranks.drop { $0 < greater })
            open.append((numbers.lowerBound..<less, below))
            open.append((greater..<numbers.upperBound, above))
        }
    }
}
