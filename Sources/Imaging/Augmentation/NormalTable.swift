import Glibc
import Support

/// Normal numbers by the million: 4096 quantiles of equal share, so that a draw is the look-up of twelve bits. Deviation 1 to four digits,
/// and never beyond ±3.7; for textures and noise of images made up, where a draw's tails do not matter and its time does.
enum NormalTable {
    private static let table: Unchecked<UnsafePointer<Float>> = {
        let values = UnsafeMutablePointer<Float>.allocate(capacity: 4096)
        for i in 0..<4096 { values[i] = Float(quantile((Double(i) + 0.5) / 4096 - 0.5)) }
        return Unchecked(UnsafePointer(values))
    }()

    /// The z with Φ(z) = ½ + q, to a relative 1e-7 (Wichura 1988, algorithm AS 241, PPND7, without its far tails).
    private static func quantile(_ q: Double) -> Double {
        if abs(q) <= 0.425 {
            let r = 0.180625 - q * q
            let above = ((59.109374720 * r + 159.29113202) * r + 50.434271938) * r + 3.3871327179
            return q * above / (((67.187563600 * r + 78.757757664) * r + 17.895169469) * r + 1)
        }
        let r = (-log(0.5 - abs(q))).squareRoot() - 1.6
        let above = ((0.17023821103 * r + 1.3067284816) * r + 2.7568153900) * r + 1.4234372777
        let z = above / ((0.12021132975 * r + 0.73700164250) * r + 1)
        return q < 0 ? -z : z
    }

    /// The table, for loops that ask it once: entry `bits & 0xFFF`.
    static var pointer: UnsafePointer<Float> { table.value }
}
