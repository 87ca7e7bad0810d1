import Support
import Testing

@Suite struct SampleStatisticsTests {
    /// By the definition: the sorted numbers at the place, linearly between two.
    private func sorted(_ xs: [Double], _ percent: Double) -> Double {
        let ordered = xs.sorted(), place = percent / 100 * Double(xs.count - 1), low = Int(place)
        let a = ordered[low], b = ordered[min(low + 1, xs.count - 1)]
        return a + (b - a) * (place - Double(low))
    }

    @Test func percentilesAreThoseOfTheSortedNumbers() throws {
        let random = CounterRandom(seed: 5)
        for count in [1, 2, 3, 10, 101, 5000] {
            let chance = (0..<count).map { random.uniform(at: UInt64($0)) }
            let few = chance.map { ($0 * 3).rounded() }, rising = (0..<count).map(Double.init)
            for xs in [chance, few, rising, rising.reversed(), [Double](repeating: 4, count: count)] {
                let percents = [50, 0, 100, 99.5, 12.3, 50]
                for (found, percent) in zip(try SampleStatistics.percentiles(xs, percents), percents) {
                    #expect(abs(found - sorted(xs, percent)) < 1e-9, "\(percent) of \(count) numbers")
                }
            }
        }
        #expect(try SampleStatistics.percentiles([1, .infinity, 2], [0, 50, 100]) == [1, 2, .infinity])
        #expect(try SampleStatistics.percentiles([1, .nan, 2], [50])[0].isNaN)
    }
}
