import Kernels
import Support

/// x where it is positive, slope · x elsewhere (Maas, Hannun, Ng 2013).
struct LeakyRelu: Layer {
    static let kind = "leakyrelu"
    let slope: Double

    /// A slope of 0 is a ReLU; below 0 the output's sign would not tell the input's.
    init(slope: Double) throws {
        self.slope = slope
        guard slope >= 0, slope <= 1 else {
            throw NetworkError.argument(layer: kind, name: "slope", value: Text.short(slope), expected: "from 0 to 1")
        }
    }
    init(attributes: Attributes) throws { try self.init(slope: attributes.number("slope")) }
    var attributes: [(name: String, value: JSON)] { [("slope", .number(slope))] }

    func needs(relu: Bool) -> (input: Bool, output: Bool) { (false, true) }
    var inPlace: Bool { true }
    var keepsProbabilities: Bool { true }

    func forward(_ call: LayerCall) throws {
        let x = call.inputs[0]
        try Flat.run(Kernels.layers.leakyRelu, over: x, out: call.output, a: x, parameters: x.pattern { _ in Float(slope) }, rows: 1)
    }

    func backward(_ call: LayerCall) throws {
        guard let target = call.inputGradients[0] else { return }
        try Flat.run(
            Kernels.layers.leakyReluGradient, over: call.output, out: target, a: call.outputGradient, b: call.output,
            parameters: target.pattern { _ in Float(slope) }, rows: 1, accumulate: call.accumulate[0])
    }
}

/// x where it is positive, alpha · (exp(x) − 1) elsewhere (Clevert, Unterthiner, Hochreiter 2016, arXiv:1511.07289).
struct Elu: Layer {
    static let kind = "elu"
    let alpha: Double

    init(alpha: Double) throws {
        self.alpha = alpha
        guard alpha >= 0, alpha <= 100 else {
            throw NetworkError.argument(layer: kind, name: "alpha", value: Text.short(alpha), expected: "from 0 to 100")
        }
    }
    init(attributes: Attributes) throws { try self.init(alpha: attributes.number("alpha")) }
    var attributes: [(name: String, value: JSON)] { [("alpha", .number(alpha))] }

    func needs(relu: Bool) -> (input: Bool, output: Bool) { (false, true) }
    var inPlace: Bool { true }
    var keepsProbabilities: Bool { true }

    func forward(_ call: LayerCall) throws {
        let x = call.inputs[0]
        try Flat.run(Kernels.layers.elu, over: x, out: call.output, a: x, parameters: x.pattern { _ in Float(alpha) }, rows: 1)
    }

    func backward(_ call: LayerCall) throws {
        guard let target = call.inputGradients[0] else { return }
        try Flat.run(
            Kernels.layers.eluGradient, over: call.output, out: target, a: call.outputGradient, b: call.output,
            parameters: target.pattern { _ in Float(alpha) }, rows: 1, accumulate: call.accumulate[0])
    }
}

/// x · Φ(x), Φ the standard normal's distribution (Hendrycks, Gimpel 2016, arXiv:1606.08415); exact, not the approximation by tanh.
struct Gelu: Layer {
    static let kind = "gelu"
    init() {}
    init(attributes: Attributes) throws {}

    func needs(relu: Bool) -> (input: Bool, output: Bool) { (true, false) }
    var inPlace: Bool { true }
    var keepsProbabilities: Bool { true }

    func forward(_ call: LayerCall) throws {
        try Flat.run(Kernels.layers.gelu, over: call.output, out: call.output, a: call.inputs[0])
    }

    func backward(_ call: LayerCall) throws {
        guard let target = call.inputGradients[0] else { return }
        try Flat.run(
            Kernels.layers.geluGradient, over: target, out: target, a: call.outputGradient, b: call.inputs[0],
            accumulate: call.accumulate[0])
    }
}

/// x / (1 + exp(−x)), also called swish (Elfwing, Uchibe, Doya 2018, arXiv:1702.03118).
struct Silu: Layer {
    static let kind = "silu"
    init() {}
    init(attributes: Attributes) throws {}

    func needs(relu: Bool) -> (input: Bool, output: Bool) { (true, false) }
    var inPlace: Bool { true }
    var keepsProbabilities: Bool { true }

    func forward(_ call: LayerCall) throws {
        try Flat.run(Kernels.layers.silu, over: call.output, out: call.output, a: call.inputs[0])
    }

    func backward(_ call: LayerCall) throws {
        guard let target = call.inputGradients[0] else { return }
        try Flat.run(
            Kernels.layers.siluGradient, over: target, out: target, a: call.outputGradient, b: call.inputs[0],
            accumulate: call.accumulate[0])
    }
}
