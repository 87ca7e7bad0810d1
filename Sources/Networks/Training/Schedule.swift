import Glibc
import Support

/// How the learning rate changes over a training: a factor of the optimiser's rate for each step.
public struct Schedule: Sendable, Equatable {
    /// What the rate does after the warm-up.
    public enum Shape: Sendable, Equatable {
        case constant
        /// From 1 to `floor` along half a cosine (Loshchilov, Hutter 2017, arXiv:1608.03983, without restarts).
        case cosine(floor: Double = 0)
        /// (1 − t / T) to a power.
        case poly(power: Double = 0.9)
        /// Up from 1 / div to 1 over the first share of the steps, then down to 1 / (div · end), both along half a cosine (Smith, Topin 2018,
        /// arXiv:1708.07120; numbers as PyTorch's OneCycleLR).
        case oneCycle(share: Double = 0.3, div: Double = 25, end: Double = 1e4)
        /// Times `factor` whenever the validation loss (or training loss) has not fallen by a ten-thousandth for more than `patience` epochs.
        case plateau(factor: Double = 0.1, patience: Int = 10)
    }

    /// What follows the warm-up.
    public var shape: Shape
    /// Steps, or below 1 a share of all steps, over which the rate rises from nothing to full.
    public var warmup: Double

    /// `validate` says what is allowed.
    public init(_ shape: Shape = .constant, warmup: Double = 0) { (self.shape, self.warmup) = (shape, warmup) }

    /// The same rate all the time.
    public static let constant = Schedule()

    /// Throws `NetworkError.option` where a number makes no sense.
    public func validate() throws {
        func check(_ name: String, _ value: Double, _ isRight: Bool, _ expected: String) throws {
            guard isRight else { throw NetworkError.option(name: name, value: Text.short(value), expected: expected) }
        }
        try check("warmup", warmup, (0...1e9).contains(warmup), "from 0: a number of steps, or below 1 a share of all")
        switch shape {
        case .constant: break
        case .cosine(let floor): try check("floor", floor, (0...1).contains(floor), "from 0 to 1, a share of the rate")
        case .poly(let power): try check("power", power, power > 0 && power <= 100, "above 0, at most 100")
        case .oneCycle(let share, let div, let end):
            try check("share", share, share > 0 && share < 1, "above 0 and below 1")
            try check("div", div, (1...1e9).contains(div), "from 1")
            try check("end", end, (1...1e9).contains(end), "from 1")
        case .plateau(let factor, let patience):
            try check("factor", factor, factor > 0 && factor < 1, "above 0 and below 1")
            try check("patience", Double(patience), patience >= 0, "a whole number from 0")
        }
    }

    /// All that sets it apart, for comparing.
    var name: String {
        let shape =
            switch shape {
            case .constant: "constant"
            case .cosine(let floor): "cosine(\(Text.short(floor)))"
            case .poly(let power): "poly(\(Text.short(power)))"
            case .oneCycle(let share, let div, let end): "onecycle(\([share, div, end].map { Text.short($0) }.joined(separator: ", ")))"
            case .plateau(let factor, let patience): "plateau(\(Text.short(factor)), \(patience))"
            }
        return warmup > 0 ? "\(shape) after a warm-up of \(Text.short(warmup))" : shape
    }

    /// How far a training is: by its steps, or where it ends by the clock, by time.
    struct Position {
        /// Steps taken.
        var step: Int
        /// Steps in all; nil where only the clock says when it ends.
        var steps: Int?
        /// The share of the time that has passed; nil without a bound on it.
        var time: Double?

        /// Whichever is farther, 0 to 1.
        var share: Double { min(1, max(steps.map { Double(step) / Double($0) } ?? 0, time ?? 0)) }
    }

    /// The factor of the step that comes next. `lowered` is what a plateau has made of it so far.
    func factor(at place: Position, lowered: Double = 1) -> Double {
        // By the clock alone, or where it runs ahead, the schedule is stretched over a fine ruler of its own.
        let byTime = place.time.map { $0 > (place.steps.map { Double(place.step) / Double($0) } ?? -1) } ?? false
        let total = byTime ? 1e6 : Double(max(1, place.steps ?? 1))
        let step = byTime ? place.share * 1e6 : Double(place.step)
        let length = warmup < 1 ? (warmup * total).rounded() : byTime ? 0 : warmup
        if warmup >= 1, Double(place.step) < warmup { return Double(place.step + 1) / warmup }
        if step < length { return (step + 1) / length }
        return factor(after: step - length, of: max(1, total - length)) * lowered
    }

    private func factor(after t: Double, of total: Double) -> Double {
        switch shape {
        case .constant, .plateau: return 1
        case .cosine(let floor): return floor + (1 - floor) * (1 + cos(.pi * min(1, t / total))) / 2
        case .poly(let power): return pow(max(0, 1 - t / total), power)
        case .oneCycle(let share, let div, let end):
            func between(_ a: Double, _ b: Double, _ x: Double) -> Double { b + (a - b) / 2 * (cos(.pi * min(1, max(0, x))) + 1) }
            let top = share * total - 1
            if t <= top { return between(1 / div, 1, t / top) }
            return between(1, 1 / (div * end), total - 1 > top ? (t - top) / (total - 1 - top) : 1)
        }
    }
}

/// What a plateau schedule remembers.
struct Plateau: Equatable {
    /// The factor so far, the least loss, and the epochs since then.
    var factor = 1.0, best = Double.infinity, bad = 0

    /// After each epoch.
    mutating func add(_ loss: Double, _ schedule: Schedule) {
        guard case .plateau(let scale, let patience) = schedule.shape else { return }
        if loss < best * (1 - 1e-4) {
            (best, bad) = (loss, 0)
        } else {
            bad += 1
            if bad > patience { (factor, bad) = (factor * scale, 0) }
        }
    }
}
