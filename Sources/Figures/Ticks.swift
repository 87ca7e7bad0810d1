import Glibc
import Support

/// Round numbers along an axis (Heckbert 1990, "Nice numbers for graph labels").
package struct Ticks: Equatable {
    /// The range that the axis shows.
    package let low: Double
    package let high: Double
    package let step: Double
    /// The labelled places, all within the range.
    package let places: [Double]

    /// For finite bounds, about `count` ticks. An axis of whole numbers has no fractional steps.
    package init(_ low: Double, _ high: Double, count: Int, whole: Bool = false, tight: Bool = false) {
        func bounded(_ x: Double) -> Double { Swift.max(-1e300, Swift.min(x, 1e300)) }
        var low = bounded(low), high = bounded(high)
        // A flat or nearly flat range is widened, beyond what its numbers can resolve.
        let size = max(abs(low), abs(high))
        if high - low <= max(size * 1e-12, 1e-290) {
            let room = size < 1e-280 ? 1 : size * 0.1
            low -= whole ? max(1, room.rounded()) : room
            high += whole ? max(1, room.rounded()) : room
        }
        let rough = (high / 2 - low / 2) / Double(max(1, count)) * 2
        let power = pow(10, floor(log10(rough)))
        let lead = rough / power
        var step = power * (lead <= 1 ? 1 : lead <= 2 ? 2 : lead <= 5 ? 5 : 10)
        if whole { step = max(1, step.rounded()) }
        let first = (low / step + (tight ? -1e-9 : 1e-9))
        self.low = tight ? low : floor(first) * step
        self.high = tight ? high : ceil(high / step - 1e-9) * step
        self.step = step
        let from = tight ? ceil(low / step - 1e-9) : floor(first)
        let to = tight ? floor(high / step + 1e-9) : ceil(high / step - 1e-9)
        places = (0...Int(min(max(to - from, 0), 1000))).map { (from + Double($0)) * step }
    }

    /// A tick's label, with the decimals that the step needs and a true minus.
    package func label(_ x: Double) -> String {
        let zero = abs(x) < step * 1e-6 ? 0 : x
        let size = max(abs(low), abs(high))
        let text: String
        if size >= 1e6 || size < 1e-4 {
            text = Text.short(zero, 4)
        } else {
            text = Text.fixed(zero, Int(max(0, min(12, -floor(log10(step) + 1e-9)))))
        }
        return text.hasPrefix("-") ? "−" + text.dropFirst() : text
    }
}
