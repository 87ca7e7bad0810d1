import CKernels
import Glibc
import Kernels
import Support

/// How weights follow gradients.
public enum Optimizer: Sendable, Equatable {
    /// Adam (Kingma, Ba 2015, arXiv:1412.6980), bias-corrected; epsilon is added to the corrected root as in PyTorch.
    case adam(rate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7)
    /// Adam with all weights shrunk by rate · decay each step (Loshchilov, Hutter 2019, arXiv:1711.05101).
    case adamw(rate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-7, decay: Double = 0.01)
    /// Gradient descent with momentum, as in PyTorch: m = momentum · m + g, and weights move by rate · m, or with Nesterov's by
    /// rate · (g + momentum · m) (Sutskever et al. 2013). `decay` · weight is a part of g.
    case sgd(rate: Double = 1e-2, momentum: Double = 0.9, nesterov: Bool = true, decay: Double = 0)

    /// The learning rate, before any schedule.
    public var rate: Double {
        switch self {
        case .adam(let rate, _, _, _), .adamw(let rate, _, _, _, _), .sgd(let rate, _, _, _): rate
        }
    }

    /// The same with another learning rate.
    public func with(rate: Double) -> Optimizer {
        switch self {
        case .adam(_, let beta1, let beta2, let epsilon): .adam(rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon)
        case .adamw(_, let beta1, let beta2, let epsilon, let decay):
            .adamw(rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, decay: decay)
        case .sgd(_, let momentum, let nesterov, let decay): .sgd(rate: rate, momentum: momentum, nesterov: nesterov, decay: decay)
        }
    }

    /// Throws `NetworkError.option` where a number makes no sense: rate and epsilon must be above 0, and momenta at least 0 and below 1, also
    /// after rounding to single precision, in which weights are moved; decay 0 to 1, and so the rate times it.
    public func validate() throws {
        func above(_ name: String, _ value: Double) throws {
            guard value > 0, Float(value).isNormal else {
                throw NetworkError.option(name: name, value: Text.short(value), expected: "above 0, from 1.2e-38 to 3.4e38")
            }
        }
        func below1(_ name: String, _ value: Double) throws {
            guard value >= 0, Float(value) < 1 else {
                throw NetworkError.option(name: name, value: Text.short(value), expected: "at least 0 and below 1")
            }
        }
        try above("rate", rate)
        switch self {
        case .adam(_, let beta1, let beta2, let epsilon), .adamw(_, let beta1, let beta2, let epsilon, _):
            try above("epsilon", epsilon)
            try below1("beta1", beta1)
            try below1("beta2", beta2)
        case .sgd(_, let momentum, _, _): try below1("momentum", momentum)
        }
        switch self {
        case .adamw(_, _, _, _, let decay), .sgd(_, _, _, let decay):
            guard (0...1).contains(decay), rate * decay < 1 else {
                throw NetworkError.option(name: "decay", value: Text.short(decay), expected: "from 0 to 1, and below 1 / rate")
            }
        case .adam: break
        }
    }

    /// All that sets it apart, exactly, for comparing: "adamw(0.001, 0.9, 0.999, 1e-07, 0.01)".
    var name: String {
        func list(_ numbers: [Double]) -> String { numbers.map { "\($0)" }.joined(separator: ", ") }
        return switch self {
        case .adam(let rate, let beta1, let beta2, let epsilon): "adam(\(list([rate, beta1, beta2, epsilon])))"
        case .adamw(let rate, let beta1, let beta2, let epsilon, let decay): "adamw(\(list([rate, beta1, beta2, epsilon, decay])))"
        case .sgd(let rate, let momentum, let nesterov, let decay): "sgd(\(list([rate, momentum])), \(nesterov), \(list([decay])))"
        }
    }
}

/// An optimiser's memory of past gradients: one or two numbers a weight.
final class OptimizerState {
    let optimizer: Optimizer
    /// Running means of gradients, or momentum; of squares (Adam alone).
    let first: Buffer, second: Buffer?
    /// Updates so far.
    var step = 0

    init(_ optimizer: Optimizer, weights: Int) throws {
        try optimizer.validate()
        self.optimizer = optimizer
        first = try Buffer(count: weights, for: "the optimiser")
        if case .sgd = optimizer { second = nil } else { second = try Buffer(count: weights, for: "the optimiser") }
    }

    /// Moves the weights, and the average that follows them, in one pass over them, their gradients and moments. Not interruptible: all of them or none.
    ///
    /// - Parameters:
    ///   - factor: of the learning rate, from the schedule.
    ///   - scale: of the gradients: 1 / how many were added up, less where their norm is clipped.
    ///   - average: moved to keep · average + (1 − keep) · weight.
    func update(_ values: Buffer, gradient: Buffer, factor: Double = 1, scale: Double = 1, average: Buffer? = nil, keep: Double = 0) {
        step += 1
        let shared = Unchecked((values.base, gradient.base, first.base, second?.base ?? first.base, average?.base))
        let call = call(factor, scale, keep)
        let kernel = if case .sgd = optimizer { Kernels.training.sgd } else { Kernels.training.adam }
        Parallel.ranges(values.count) { range in
            let (values, gradient, first, second, average) = shared.value
            let i = range.lowerBound
            var part = call(values + i, gradient + i, first + i, second + i)
            part.average = average.map { $0 + i }
            part.count = Int64(range.count)
            kernel(&part)
        }
    }

    private typealias Place = UnsafeMutablePointer<Float>

    /// An update's numbers, still without its range.
    private func call(_ factor: Double, _ scale: Double, _ keep: Double) -> @Sendable (Place, Place, Place, Place) -> SKUpdate {
        let rate = optimizer.rate * factor
        var corrected = rate, correction = 1.0, shrink = 1.0, decay = 0.0, beta1 = 0.0, beta2 = 0.0, epsilon = 0.0, nesterov = false
        switch optimizer {
        case .adam(_, let b1, let b2, let e), .adamw(_, let b1, let b2, let e, _):
            (beta1, beta2, epsilon) = (b1, b2, e)
            corrected = rate / (1 - pow(b1, Double(step)))
            correction = 1 / (1 - pow(b2, Double(step))).squareRoot()
            if case .adamw(_, _, _, _, let decay) = optimizer { shrink = 1 - rate * decay }
        case .sgd(_, let momentum, let isNesterov, let d): (beta1, nesterov, decay) = (momentum, isNesterov, d)
        }
        let numbers = [scale, corrected, shrink, decay, beta1, beta2, epsilon, correction, keep].map { Float($0) }
        let flag: Int32 = nesterov ? 1 : 0
        return { values, gradient, first, second in
            SKUpdate(
                values: values, gradient: gradient, first: first, second: second, average: nil, count: 0, scale: numbers[0],
                rate: numbers[1],
                shrink: numbers[2], decay: numbers[3], beta1: numbers[4], beta2: numbers[5], epsilon: numbers[6], correction: numbers[7],
                keep: numbers[8], nesterov: flag)
        }
    }
}
