import Support

/// Normal numbers by the million: 4096 quantiles of equal share, so that a draw is the look-up of twelve bits. Deviation 1 to four digits, and
/// never beyond ±3.7; for textures and noise of images made up, where a draw's tails do not matter and its time does.
enum NormalTable {
    private static let table: Unchecked<UnsafePointer<Float>> = {
        let values = UnsafeMutablePointer<Float>.allocate(capacity: 4096)
        for i in 0..<4096 { values[i] = Float(CounterRandom.quantile(fromMedian: (Double(i) + 0.5) / 4096 - 0.5)) }
        return Unchecked(UnsafePointer(values))
    }()

    /// The table, for loops that ask it once: entry `bits & 0xFFF`.
    static var pointer: UnsafePointer<Float> { table.value }
}
