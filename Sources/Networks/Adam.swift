import CKernels
import Glibc
import Kernels
import Support

/// Adam's state: the two running moments of each weight.
final class AdamState {
    private let first, second: Buffer
    private var step = 0
    private let rate, beta1, beta2, epsilon: Double

    init(_ optimizer: Optimizer, weights: Int) throws {
        try optimizer.validate()
        (rate, beta1, beta2, epsilon) = optimizer.numbers
        first = try Buffer(count: weights, for: "the optimiser")
        second = try Buffer(count: weights, for: "the optimiser")
    }

    /// Moves the weights in one pass over them, their gradients and moments. Not interruptible: all of them or none.
    func update(_ values: Buffer, gradient: Buffer) {
        step += 1
        let corrected = rate / (1 - pow(beta1, Double(step)))
        let correction = 1 / (1 - pow(beta2, Double(step))).squareRoot()
        let shared = Unchecked((values.base, gradient.base, first.base, second.base))
        Parallel.ranges(values.count) { range in
            let (values, gradient, first, second) = shared.value
            let i = range.lowerBound
            var call = SKAdam(
                values: values + i, gradient: gradient + i, first: first + i, second: second + i, count: Int64(range.count),
                rate: Float(corrected), beta1: Float(beta1), beta2: Float(beta2), epsilon: Float(epsilon), correction: Float(correction))
            Kernels.table.adam(&call)
        }
    }
}

extension Optimizer {
    /// Throws `NetworkError.option` where a number makes no sense: rate and epsilon must be above 0, and the decays at least 0 and below 1, also
    /// after rounding to single precision, in which weights are moved.
    public func validate() throws {
        let (rate, beta1, beta2, epsilon) = numbers
        for (name, value) in [("rate", rate), ("epsilon", epsilon)] where !(value > 0 && Float(value).isNormal) {
            throw NetworkError.option(name: name, value: Text.short(value), expected: "above 0, from 1.2e-38 to 3.4e38")
        }
        for (name, value) in [("beta1", beta1), ("beta2", beta2)] where !(value >= 0 && Float(value) < 1) {
            throw NetworkError.option(name: name, value: Text.short(value), expected: "at least 0 and below 1")
        }
    }

    fileprivate var numbers: (Double, Double, Double, Double) {
        switch self {
        case .adam(let rate, let beta1, let beta2, let epsilon): (rate, beta1, beta2, epsilon)
        }
    }
}
