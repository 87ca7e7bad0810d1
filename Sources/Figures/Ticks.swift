import Glibc
import Support

/// Round numbers along an axis (Heckbert 1990, "Nice numbers for graph labels").
package struct Ticks: Equatable {
    /// The range that the axis shows.
    package let low: Double
    /// The upper end of the range.
    package let high: Double
    /// The distance of neighbouring labels: 1, 2 or 5 times a power of ten.
    package let step: Double
    /// The labelled places, all within the range.
    package let places: [Double]
    /// Places are logarithms to the base 10, labelled with what they are of.
    private let isLogarithmic: Bool

    /// For finite bounds, about `count` ticks. An axis of whole numbers has no fractional steps.
    package init(_ low: Double, _ high: Double, count: Int, whole: Bool = false, tight: Bool = false) {
        isLogarithmic = false
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

    /// For logarithms to the base 10: whole powers of ten, a few of them where there are many; one, two and five of each where there are few.
    package init(logarithmic low: Double, _ high: Double) {
        isLogarithmic = true
        var low = low, high = high
        if high - low < 0.1 { (low, high) = (low - 0.1, high + 0.1) }
        (self.low, self.high) = (low, high)
        let decades = Int(floor(high)) - Int(ceil(low)) + 1
        let parts: [Double] = decades >= 3 ? [1] : decades >= 1 ? [1, 2, 5] : [1, 1.5, 2, 3, 4, 5, 6, 7, 8, 9]
        let stride = max(1, (decades + 9) / 10)
        step = Double(stride)
        places = (Int(floor(low))...Int(ceil(high))).filter { $0 % stride == 0 }.flatMap { power in parts.map { Double(power) + log10($0) } }
            .filter { $0 >= low - 1e-9 && $0 <= high + 1e-9 }
    }

    /// A tick's label, with the decimals that the step needs and a true minus.
    package func label(_ x: Double) -> String {
        if isLogarithmic { return Text.short(pow(10, x), 3).replacingMinus }
        let zero = abs(x) < step * 1e-6 ? 0 : x
        let size = max(abs(low), abs(high))
        let text: String
        if size >= 1e6, size < 1e9, step >= 1 {
            text = Text.grouped(Int(zero.rounded()))
        } else if size >= 1e6 || size < 1e-4 {
            text = Text.short(zero, max(4, min(15, Int(log10(size / step)) + 2)))
        } else {
            text = Text.fixed(zero, Int(max(0, min(12, -floor(log10(step) + 1e-9)))))
        }
        return text.hasPrefix("-") ? "−" + text.dropFirst() : text
    }
}

extension String {
    /// With true minus signs, for drawing.
    fileprivate var replacingMinus: String { String(map { $0 == "-" ? "−" : $0 }) }
}
