import Kernels
import Support

/// Sets whole channels of a sample to zero while training and scales the others by 1 / (1 − rate) (Tompson et al. 2015, arXiv:1411.4280); does nothing in
/// inference. Neighbouring voxels of a feature say much the same, so dropping single values (`Dropout`) hides little from a convolution.
/// Which channels are dropped depends on seed, step, layer, sample and channel alone.
struct ChannelDropout: Layer {
    static let kind = "channeldropout"
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

    func forward(_ call: LayerCall) throws { try apply(call, from: call.inputs[0], to: call.output, accumulate: false) }

    func backward(_ call: LayerCall) throws {
        guard let target = call.inputGradients[0] else { return }
        try apply(call, from: call.outputGradient, to: target, accumulate: call.accumulate[0])
    }

    private func apply(_ call: LayerCall, from: Tensor, to: Tensor, accumulate: Bool) throws {
        guard call.training, rate > 0 else {
            if from.base != to.base { try Flat.run(Kernels.table.add, over: to, out: to, a: from, accumulate: accumulate) }
            return
        }
        let draws = CounterRandom(seed: CounterRandom(seed: call.seed, stream: UInt64(call.index)).bits(at: call.step))
        let factors = from.patternBySample { place in
            draws.uniform(at: UInt64(place)) < rate ? 0 : Float(1 / (1 - rate))
        }
        let none = [Float](repeating: 0, count: factors.count)
        try Flat.runBySample(
            Kernels.layers.sampleAffine, over: from, out: to, a: from, parameters: interleave([factors, none]), rows: 2,
            accumulate: accumulate)
    }
}
