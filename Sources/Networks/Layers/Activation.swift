import Kernels

/// max(x, 0).
struct Relu: Layer {
    static let kind = "relu"
    init() {}
    init(attributes: Attributes) throws {}

    func needs(relu: Bool) -> (input: Bool, output: Bool) { (false, true) }
    var inPlace: Bool { true }

    func forward(_ call: LayerCall) throws {
        try Flat.run(Kernels.table.relu, over: call.inputs[0], out: call.output, a: call.inputs[0])
    }

    func backward(_ call: LayerCall) throws {
        guard let target = call.inputGradients[0] else { return }
        try Flat.run(
            Kernels.table.reluGradient, over: call.output, out: target, a: call.outputGradient, b: call.output,
            accumulate: call.accumulate[0])
    }

    /// Sets a gradient to zero where the output is not positive: the backward pass of a ReLU within another layer.
    static func mask(_ gradient: Tensor, by output: Tensor) throws {
        try Flat.run(Kernels.table.reluGradient, over: output, out: gradient, a: gradient, b: output)
    }
}

/// 1 / (1 + exp(−x)).
struct Sigmoid: Layer {
    static let kind = "sigmoid"
    init() {}
    init(attributes: Attributes) throws {}

    func needs(relu: Bool) -> (input: Bool, output: Bool) { (false, true) }
    var inPlace: Bool { true }

    func forward(_ call: LayerCall) throws {
        let x = call.inputs[0]
        try Flat.run(Kernels.table.sigmoid, over: x, out: call.output, a: x, parameters: x.pattern { _ in 1 }, rows: 1)
    }

    func backward(_ call: LayerCall) throws {
        guard let target = call.inputGradients[0] else { return }
        try Flat.run(
            Kernels.table.sigmoidGradient, over: call.output, out: target, a: call.outputGradient, b: call.output,
            accumulate: call.accumulate[0])
    }
}
