import Kernels
import Support

/// Sets a share of the values to zero while training and scales the others by 1 / (1 − rate) (Srivastava et al. 2014); does nothing in inference.
/// Which values are dropped depends on seed, step, layer and place alone, so the backward pass draws the same ones again.
struct Dropout: Layer {
    static let kind = "dropout"
    let rate: Double

    init(rate: Double) throws {
        self.rate = rate
        guard rate >= 0, rate < 1 else {
            throw NetworkError.argument(layer: kind, name: "rate", value: Text.short(rate), expected: "at least 0 and below 1")
        }
    }
    init(attributes: Attributes) throws { try self.init(rate: attributes.number("rate")) }
    var attributes: [(name: String, value: JSON)] { [("rate", .number(rate))] }

    // MARK: Computation

    var inPlace: Bool { true }

    func forward(_ call: LayerCall) throws {
        let x = call.inputs[0]
        if call.training && rate > 0 {
            try apply(call, from: x, to: call.output, accumulate: false)
        } else if x.base != call.output.base {
            try Flat.run(Kernels.table.add, over: x, out: call.output, a: x)
        }
    }

    func backward(_ call: LayerCall) throws {
        guard let target = call.inputGradients[0] else { return }
        if rate > 0 {
            try apply(call, from: call.outputGradient, to: target, accumulate: call.accumulate[0])
        } else if target.base != call.outputGradient.base {
            try Flat.run(Kernels.table.add, over: target, out: target, a: call.outputGradient, accumulate: call.accumulate[0])
        }
    }

    private func apply(_ call: LayerCall, from: Tensor, to: Tensor, accumulate: Bool) throws {
        let bits = CounterRandom(seed: call.seed, stream: UInt64(call.index)).bits(at: call.step)
        try Flat.run(
            Kernels.table.dropout, over: from, out: to, a: from, parameters: from.pattern { _ in Float(1 / (1 - rate)) }, rows: 1,
            accumulate: accumulate, key: (UInt32(truncatingIfNeeded: bits), UInt32(truncatingIfNeeded: bits >> 32)),
            threshold: UInt32(rate * 0x1p32))
    }
}
