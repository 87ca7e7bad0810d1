import Kernels

/// The sum of tensors of one shape and number of channels: the joining of a residual network (He et al. 2016, doi:10.1109/CVPR.2016.90).
struct Add: Layer {
    static let kind = "add"
    init() {}
    init(attributes: Attributes) throws {}

    var inputCount: ClosedRange<Int> { 2...64 }

    func channels(_ inputs: [Int]) throws -> Int {
        for other in inputs where other != inputs[0] {
            throw NetworkError.mismatch(layer: kind, detail: "cannot add tensors of \(inputs[0]) and \(other) channels")
        }
        return inputs[0]
    }

    func flops(inputs: [Int], output: SIMD3<Int>) -> Double { Double(inputs[0]) * Double(inputs.count - 1) * Double(output.product) }

    // MARK: Computation

    func needs(relu: Bool) -> (input: Bool, output: Bool) { (false, relu) }
    var fusesRelu: Bool { true }

    func forward(_ call: LayerCall) throws {
        let y = call.output
        var sum = call.inputs[0]
        for (i, part) in call.inputs.enumerated().dropFirst() {
            try Flat.run(Kernels.table.plus, over: y, out: y, a: sum, b: part, flag: call.relu && i == call.inputs.count - 1)
            sum = y
        }
    }

    func backward(_ call: LayerCall) throws {
        let gradient = call.outputGradient
        if call.relu { try Relu.mask(gradient, by: call.output) }
        for (i, target) in call.inputGradients.enumerated() {
            if let target { try Flat.run(Kernels.table.add, over: target, out: target, a: gradient, accumulate: call.accumulate[i]) }
        }
    }
}
