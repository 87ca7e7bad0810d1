import Networks
import Runtime
import Support

/// How values between layers are stored, as a script names it.
enum PrecisionName: String, CaseIterable, Sendable, Convertible {
    case float32, bf16
    var precision: Precision { self == .bf16 ? .bfloat16 : .float32 }
}

/// What one of a few builtins made, as `fit` takes it: a record that names its kind, with numbers that may be left out; or the kind's bare word.
private struct Choice {
    let kind: String
    private let record: Record?
    /// The fields that the kind has.
    private var known: [String]
    private let expected: String

    /// Throws `Mismatch` for a value that is neither.
    init(_ value: Value, field: String, kinds: [String], expected: String) throws(Mismatch) {
        (known, self.expected) = ([field], expected)
        switch value {
        case .string(let word) where kinds.contains(word): (kind, record) = (word, nil)
        case .string(let word): throw Mismatch(expected, hint: Text.nearest(to: word, among: kinds).map { "did you mean \"\($0)\"?" })
        case .record(let made):
            guard case .string(let word)? = made[field], kinds.contains(word) else { throw Mismatch(expected) }
            (kind, record) = (word, made)
        default: throw Mismatch(expected)
        }
    }

    /// What a field holds, or what it is where it is left out.
    mutating func field<T: Convertible>(_ name: String, _ fallback: T) throws(Mismatch) -> T {
        known.append(name)
        guard let value = record?[name] else { return fallback }
        do {
            return try T.from(value)
        } catch {
            throw Mismatch(expected, found: "one whose `\(name)` is \(value.mention)")
        }
    }

    /// Throws `Mismatch` for a field that the kind does not have. Once all others have been asked for.
    func end() throws(Mismatch) {
        guard let odd = record?.names.first(where: { !known.contains($0) }) else { return }
        let hint = Text.nearest(to: odd, among: known).map { "did you mean `\($0)`?" } ?? "\"\(kind)\" has \(known.joined(separator: ", "))"
        throw Mismatch(expected, found: "one with a field `\(odd)`", hint: hint)
    }
}

/// An optimiser as a script writes it: `adam(1e-3)`, or the bare word.
struct OptimizerChoice: Convertible, Sendable {
    let optimizer: Optimizer

    static var typeName: String { "optimizer" }
    static var expected: String { "an optimizer such as adamw(1e-3), or \"adam\", \"adamw\" or \"sgd\"" }

    /// Checked already where it is made.
    init(_ optimizer: Optimizer) throws {
        try optimizer.validate()
        self.optimizer = optimizer
    }

    private init(unchecked optimizer: Optimizer) { self.optimizer = optimizer }

    static func value(_ optimizer: Optimizer) -> Value { OptimizerChoice(unchecked: optimizer).value }

    static let adam = OptimizerChoice(unchecked: .adam())

    static func from(_ value: Value) throws(Mismatch) -> OptimizerChoice {
        var choice = try Choice(value, field: "optimizer", kinds: ["adam", "adamw", "sgd"], expected: expected)
        let rate = try choice.field("rate", choice.kind == "sgd" ? 1e-2 : 1e-3)
        let optimizer: Optimizer
        if choice.kind == "sgd" {
            optimizer = .sgd(
                rate: rate, momentum: try choice.field("momentum", 0.9), nesterov: try choice.field("nesterov", true),
                decay: try choice.field("decay", 0.0))
        } else {
            let beta1 = try choice.field("beta1", 0.9), beta2 = try choice.field("beta2", 0.999), epsilon = try choice.field("epsilon", 1e-7)
            optimizer =
                choice.kind == "adam"
                ? .adam(rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon)
                : .adamw(rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, decay: try choice.field("decay", 0.01))
        }
        try choice.end()
        return OptimizerChoice(unchecked: optimizer)
    }

    var value: Value {
        let fields: [(String, Value)] =
            switch optimizer {
            case .adam(let rate, let beta1, let beta2, let epsilon):
                [("optimizer", "adam"), ("rate", rate.value), ("beta1", beta1.value), ("beta2", beta2.value), ("epsilon", epsilon.value)]
            case .adamw(let rate, let beta1, let beta2, let epsilon, let decay):
                [
                    ("optimizer", "adamw"), ("rate", rate.value), ("beta1", beta1.value), ("beta2", beta2.value),
                    ("epsilon", epsilon.value),
                    ("decay", decay.value),
                ]
            case .sgd(let rate, let momentum, let nesterov, let decay):
                [
                    ("optimizer", "sgd"), ("rate", rate.value), ("momentum", momentum.value), ("nesterov", nesterov.value),
                    ("decay", decay.value),
                ]
            }
        return .record(Record(fields))
    }
}

/// A loss as a script writes it: a word, or `tversky(0.3, 0.7)`.
struct LossChoice: Convertible, Sendable {
    let loss: Loss

    static let words: [String] = ["dice", "bce", "dice+bce", "ce", "dice+ce", "focal", "tversky"]
    static var typeName: String { "loss" }
    static var expected: String {
        "\"dice\", \"bce\", \"dice+bce\", \"ce\", \"dice+ce\", \"focal\", \"tversky\", or a loss such as tversky(0.3, 0.7)"
    }

    /// Checked already where it is made.
    init(_ loss: Loss) throws {
        try loss.validate()
        self.loss = loss
    }

    private init(unchecked loss: Loss) { self.loss = loss }

    static func value(_ loss: Loss) -> Value { LossChoice(unchecked: loss).value }

    static let dice = LossChoice(unchecked: .dice)

    static func from(_ value: Value) throws(Mismatch) -> LossChoice {
        var choice = try Choice(value, field: "loss", kinds: words + ["focal classes"], expected: expected)
        let loss: Loss =
            switch choice.kind {
            case "bce": .bce
            case "dice+bce": .diceBCE
            case "ce": .crossEntropy
            case "dice+ce": .diceCrossEntropy
            case "focal": .focal(gamma: try choice.field("gamma", 2.0), alpha: try choice.field("alpha", nil as Double?))
            case "focal classes": Loss(voxels: .classes(gamma: try choice.field("gamma", 2.0)))
            case "tversky": .tversky(alpha: try choice.field("alpha", 0.3), beta: try choice.field("beta", 0.7))
            default: .dice
            }
        try choice.end()
        return LossChoice(unchecked: loss)
    }

    var value: Value {
        switch (loss.region, loss.voxels) {
        case (let region?, nil) where loss != .dice:
            .record(Record([("loss", "tversky"), ("alpha", region.alpha.value), ("beta", region.beta.value)]))
        case (nil, .binary(let gamma, let alpha)) where loss != .bce:
            .record(Record([("loss", "focal"), ("gamma", gamma.value), ("alpha", alpha.value)]))
        case (nil, .classes(let gamma)) where gamma > 0: .record(Record([("loss", "focal classes"), ("gamma", gamma.value)]))
        case (nil, .classes): "ce"
        case (nil, _): "bce"
        case (_, .binary): "dice+bce"
        case (_, .classes): "dice+ce"
        default: "dice"
        }
    }
}

/// A schedule as a script writes it: `cosine(warmup=100)`, or the bare word.
struct ScheduleChoice: Convertible, Sendable {
    let schedule: Schedule

    static let words: [String] = ["constant", "cosine", "poly", "onecycle", "plateau"]
    static var typeName: String { "schedule" }
    static var expected: String {
        "a schedule such as cosine(warmup=100), or \"constant\", \"cosine\", \"poly\", \"onecycle\" or \"plateau\""
    }

    /// Checked already where it is made.
    init(_ shape: Schedule.Shape, warmup: Double = 0) throws {
        schedule = Schedule(shape, warmup: warmup)
        try schedule.validate()
    }

    private init(unchecked schedule: Schedule) { self.schedule = schedule }

    static func value(_ schedule: Schedule) -> Value { ScheduleChoice(unchecked: schedule).value }

    static let constant = ScheduleChoice(unchecked: .constant)

    static func from(_ value: Value) throws(Mismatch) -> ScheduleChoice {
        var choice = try Choice(value, field: "schedule", kinds: words, expected: expected)
        let shape: Schedule.Shape =
            switch choice.kind {
            case "cosine": .cosine(floor: try choice.field("floor", 0.0))
            case "poly": .poly(power: try choice.field("power", 0.9))
            case "onecycle":
                .oneCycle(share: try choice.field("share", 0.3), div: try choice.field("div", 25.0), end: try choice.field("end", 1e4))
            case "plateau": .plateau(factor: try choice.field("factor", 0.1), patience: try choice.field("patience", 10))
            default: .constant
            }
        let warmup = try choice.field("warmup", 0.0)
        try choice.end()
        return ScheduleChoice(unchecked: Schedule(shape, warmup: warmup))
    }

    var value: Value {
        let fields: [(String, Value)] =
            switch schedule.shape {
            case .constant: [("schedule", "constant")]
            case .cosine(let floor): [("schedule", "cosine"), ("floor", floor.value)]
            case .poly(let power): [("schedule", "poly"), ("power", power.value)]
            case .oneCycle(let share, let div, let end):
                [("schedule", "onecycle"), ("share", share.value), ("div", div.value), ("end", end.value)]
            case .plateau(let factor, let patience): [("schedule", "plateau"), ("factor", factor.value), ("patience", patience.value)]
            }
        if schedule == .constant { return "constant" }
        return .record(Record(fields + [("warmup", schedule.warmup.value)]))
    }
}
