import Support

/// Batch normalisation over batch and voxels of each channel (Ioffe, Szegedy 2015, arXiv:1502.03167). Training uses the batch's own
/// mean and (biased) variance and moves the running averages by 1 − momentum; inference uses the running averages.
struct BatchNorm: Layer {
    static let kind = "batchnorm"
    let momentum, epsilon: Double

    init(momentum: Double, epsilon: Double) throws {
        (self.momentum, self.epsilon) = (momentum, epsilon)
        guard momentum >= 0, momentum < 1 else {
            throw NetworkError.argument(layer: kind, name: "momentum", value: Text.short(momentum), expected: "at least 0 and below 1")
        }
        guard epsilon > 0, epsilon <= 1 else {
            throw NetworkError.argument(layer: kind, name: "epsilon", value: Text.short(epsilon), expected: "above 0 and at most 1")
        }
    }

    init(attributes a: Attributes) throws { try self.init(momentum: a.number("momentum"), epsilon: a.number("epsilon")) }
    var attributes: [(name: String, value: JSON)] { [("momentum", .number(momentum)), ("epsilon", .number(epsilon))] }

    func parameters(_ inputs: [Int]) -> [ParameterSpec] {
        func vector(_ name: String, _ start: ParameterSpec.Start, _ trainable: Bool) -> ParameterSpec {
            ParameterSpec(name: name, shape: [inputs[0]], start: start, storage: .vector, trainable: trainable)
        }
        return [
            vector("weight", .ones, true), vector("bias", .zeros, true),
            vector("running_mean", .zeros, false), vector("running_var", .ones, false),
        ]
    }
}
