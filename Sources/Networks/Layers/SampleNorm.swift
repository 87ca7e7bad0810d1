import Kernels
import Support

/// A normalisation of each sample by its own statistics, the same in training and inference: groups of neighbouring channels are brought to mean 0 and
/// variance 1 over their channels and voxels (with the biased variance), then each channel is scaled and shifted by learnt numbers.
protocol SampleNorm: Layer {
    var epsilon: Double { get }
    /// How many groups the channels form; divides them.
    func groups(of channels: Int) -> Int
}

/// Normalisation of each channel of each sample over its voxels (Ulyanov, Vedaldi, Lempitsky 2016, arXiv:1607.08022).
struct InstanceNorm: SampleNorm {
    static let kind = "instancenorm"
    let epsilon: Double

    init(epsilon: Double) throws {
        self.epsilon = epsilon
        try checkEpsilon()
    }
    init(attributes: Attributes) throws { try self.init(epsilon: attributes.number("epsilon")) }
    var attributes: [(name: String, value: JSON)] { [("epsilon", .number(epsilon))] }
    func groups(of channels: Int) -> Int { channels }
}

/// Normalisation of groups of neighbouring channels of each sample (Wu, He 2018, arXiv:1803.08494).
struct GroupNorm: SampleNorm {
    static let kind = "groupnorm"
    let groups: Int
    let epsilon: Double

    init(groups: Int, epsilon: Double) throws {
        (self.groups, self.epsilon) = (groups, epsilon)
        try check("groups", groups, 1...Limit.channels)
        try checkEpsilon()
    }
    init(attributes a: Attributes) throws { try self.init(groups: a.integer("groups"), epsilon: a.number("epsilon")) }
    var attributes: [(name: String, value: JSON)] { [("groups", .number(Double(groups))), ("epsilon", .number(epsilon))] }
    func groups(of channels: Int) -> Int { groups }

    func channels(_ inputs: [Int]) throws -> Int {
        if inputs[0] % groups != 0 {
            let divisors = (1...inputs[0]).filter { inputs[0] % $0 == 0 }
            throw NetworkError.argument(
                layer: kind, name: "groups", value: "\(groups)",
                expected: "a divisor of the \(inputs[0]) channels: " + divisors.map(String.init).joined(separator: ", "))
        }
        return inputs[0]
    }
}

/// Normalisation of each sample over all its channels and voxels: `GroupNorm` with one group, PyTorch's `GroupNorm(1, channels)`. Unlike the layer
/// normalisation of sequences (Ba, Kiros, Hinton 2016, arXiv:1607.06450), weight and bias are one number a channel, so that any volume can enter.
struct LayerNorm: SampleNorm {
    static let kind = "layernorm"
    let epsilon: Double

    init(epsilon: Double) throws {
        self.epsilon = epsilon
        try checkEpsilon()
    }
    init(attributes: Attributes) throws { try self.init(epsilon: attributes.number("epsilon")) }
    var attributes: [(name: String, value: JSON)] { [("epsilon", .number(epsilon))] }
    func groups(of channels: Int) -> Int { 1 }
}

extension SampleNorm {
    func checkEpsilon() throws {
        guard epsilon > 0, epsilon <= 1 else {
            throw NetworkError.argument(layer: kind, name: "epsilon", value: Text.short(epsilon), expected: "above 0 and at most 1")
        }
    }

    func parameters(_ inputs: [Int]) -> [ParameterSpec] {
        [
            ParameterSpec(name: "weight", shape: [inputs[0]], start: .ones, storage: .vector, trainable: true),
            ParameterSpec(name: "bias", shape: [inputs[0]], start: .zeros, storage: .vector, trainable: true),
        ]
    }

    /// Each value is added, its square is added, and it is scaled and shifted.
    func flops(inputs: [Int], output: SIMD3<Int>) -> Double { 6 * Double(inputs[0]) * Double(output.product) }

    // MARK: Computation

    func needs(relu: Bool) -> (input: Bool, output: Bool) { (true, false) }
    var inPlace: Bool { true }
    var fusesRelu: Bool { true }

    func forward(_ call: LayerCall) throws {
        let x = call.inputs[0]
        try measure(call, x)
        let statistics = call.statistics
        try Flat.runBySample(
            Kernels.layers.sampleAffine, over: x, out: call.output, a: x, parameters: interleave([statistics.scale, statistics.shift]),
            rows: 2,
            flag: call.relu)
    }

    /// Mean and variance of each sample and group, and from them the coefficients of each sample and channel: patterns of 16 by sample and block.
    private func measure(_ call: LayerCall, _ x: Tensor) throws {
        let sums = try Flat.channelSumsBySample(Kernels.table.sums, over: x, a: x)
        let size = x.channels / groups(of: x.channels), n = Double(size * x.voxels)
        let statistics = call.statistics
        (statistics.mean, statistics.variance) = ([], [])
        for first in stride(from: 0, to: x.batch * x.channels, by: size) {
            let mean = sums.first[first..<first + size].reduce(0, +) / n
            statistics.mean.append(mean)
            statistics.variance.append(max(0, sums.second[first..<first + size].reduce(0, +) / n - mean * mean))
        }
        let weight = call.parameters[0], bias = call.parameters[1]
        func scale(_ i: Int) -> Double { Double(weight[i % x.channels]) / (statistics.variance[i / size] + epsilon).squareRoot() }
        statistics.scale = x.patternBySample { Float(scale($0)) }
        statistics.shift = x.patternBySample { Float(Double(bias[$0 % x.channels]) - statistics.mean[$0 / size] * scale($0)) }
        statistics.centre = x.patternBySample { Float(statistics.mean[$0 / size]) }
    }

    /// With n values in a group, deviation d and normalised values u = (x − mean) / d, the gradient of a value in channel c is
    /// (w_c g − Σ w g / n − u Σ w g u / n) / d, the sums over the group.
    func backward(_ call: LayerCall) throws {
        let x = call.inputs[0], gradient = call.outputGradient, statistics = call.statistics
        let channels = x.channels, size = channels / groups(of: channels), n = Double(size * x.voxels)
        let sums = try Flat.channelSumsBySample(
            Kernels.table.normGradientSums, over: x, a: gradient, b: x,
            parameters: interleave([statistics.centre, statistics.scale, statistics.shift]), rows: 3, flag: call.relu)
        let deviations = statistics.variance.map { ($0 + epsilon).squareRoot() }
        // The kernel subtracts the mean in float; what that rounds off is put back here.
        let rounding = statistics.mean.map { Double(Float($0)) - $0 }
        /// Σ g u of a sample and channel.
        func products(_ i: Int) -> Double { (sums.second[i] + rounding[i / size] * sums.first[i]) / deviations[i / size] }
        let weight = call.parameters[0]
        for c in 0..<channels {
            let samples = stride(from: c, to: x.batch * channels, by: channels)
            call.gradients[0][c] = Float(samples.reduce(0) { $0 + products($1) })
            call.gradients[1][c] = Float(samples.reduce(0) { $0 + sums.first[$1] })
        }
        guard let target = call.inputGradients[0] else { return }
        // As g · scale + (x − centre) · slope + offset, the last two the same for a whole group.
        var slopes: [Double] = [], offsets: [Double] = []
        for group in deviations.indices {
            let members = group * size..<(group + 1) * size, d = deviations[group]
            let mean = members.reduce(0) { $0 + Double(weight[$1 % channels]) * sums.first[$1] } / n
            let slope = -members.reduce(0) { $0 + Double(weight[$1 % channels]) * products($1) } / (n * d * d)
            slopes.append(slope)
            offsets.append(-mean / d + slope * rounding[group])
        }
        try Flat.runBySample(
            Kernels.layers.sampleNormGradient, over: x, out: target, a: gradient, b: x,
            parameters: interleave([
                statistics.scale, x.patternBySample { Float(slopes[$0 / size]) }, statistics.centre,
                x.patternBySample { Float(offsets[$0 / size]) }, statistics.scale, statistics.shift,
            ]), rows: 6, accumulate: call.accumulate[0], flag: call.relu)
    }
}
