import Kernels
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

    // MARK: Computation

    func needs(relu: Bool) -> (input: Bool, output: Bool) { (true, false) }
    var inPlace: Bool { true }
    var fusesRelu: Bool { true }

    /// y = x · scale + shift of each channel.
    static func coefficients(
        mean: @escaping (Int) -> Double, variance: @escaping (Int) -> Double, epsilon: Double, weight: UnsafePointer<Float>,
        bias: UnsafePointer<Float>
    ) -> (scale: (Int) -> Float, shift: (Int) -> Float) {
        func scale(_ c: Int) -> Double { Double(weight[c]) / (variance(c) + epsilon).squareRoot() }
        return ({ Float(scale($0)) }, { Float(Double(bias[$0]) - mean($0) * scale($0)) })
    }

    /// The coefficients that the running averages give: patterns for each block of a tensor.
    func running(_ parameters: [UnsafeMutablePointer<Float>], like tensor: Tensor) -> (scale: [Float], shift: [Float]) {
        let (scale, shift) = Self.coefficients(
            mean: { Double(parameters[2][$0]) }, variance: { max(0, Double(parameters[3][$0])) }, epsilon: epsilon, weight: parameters[0],
            bias: parameters[1])
        return (tensor.pattern(scale), tensor.pattern(shift))
    }

    func forward(_ call: LayerCall) throws {
        let x = call.inputs[0]
        var (scale, shift) = call.training ? ([], []) : running(call.parameters, like: x)
        if call.training {
            try measure(call, x)
            (scale, shift) = (call.statistics.scale, call.statistics.shift)
        }
        try Flat.run(
            Kernels.table.affine, over: x, out: call.output, a: x, parameters: interleave([scale, shift]), rows: 2, flag: call.relu)
    }

    /// Takes the batch's statistics, from `call.sums` where the tensor's writer has taken the sums, and makes the coefficients of them.
    func measure(_ call: LayerCall, _ x: Tensor) throws {
        let n = Double(x.batch * x.voxels)
        let statistics = call.statistics
        let sums: [[Double]]
        if let taken = call.sums {
            sums = [taken.sum, taken.products]
        } else {
            sums = try Flat.channelSums(Kernels.table.sums, rows: 2, over: x, a: x)
        }
        statistics.mean = sums[0].map { $0 / n }
        statistics.variance = zip(sums[1], statistics.mean).map { max(0, $0 / n - $1 * $1) }
        let coefficients = Self.coefficients(
            mean: { statistics.mean[$0] }, variance: { statistics.variance[$0] }, epsilon: epsilon, weight: call.parameters[0],
            bias: call.parameters[1])
        (statistics.scale, statistics.shift) = (x.pattern(coefficients.scale), x.pattern(coefficients.shift))
        statistics.centre = x.pattern { Float(statistics.mean[$0]) }
    }

    func backward(_ call: LayerCall) throws {
        try backward(call, x: call.inputs[0], into: call.inputGradients[0], accumulate: call.accumulate[0])
    }

    /// The gradients from that of the normalised values, which need not be in memory. With `call.relu` they were cut at zero after that, and the
    /// gradient is still to be. `call.sums` are the sums of the gradient and of its products with x − mean, where its writers have taken them.
    func backward(_ call: LayerCall, x: Tensor, into target: Tensor?, accumulate: Bool) throws {
        let gradient = call.outputGradient, statistics = call.statistics
        let centre = statistics.centre
        let sums: [[Double]]
        if let taken = call.sums {
            sums = [taken.sum, taken.products]
        } else {
            sums = try Flat.channelSums(
                Kernels.table.normGradientSums, rows: 2, over: x, a: gradient, b: x,
                parameters: interleave([centre, statistics.scale, statistics.shift]), parameterRows: 3, flag: call.relu)
        }
        let n = Double(x.batch * x.voxels)
        func deviation(_ c: Int) -> Double { (statistics.variance[c] + epsilon).squareRoot() }
        // The kernel subtracts the mean in float; what that rounds off is put back here.
        func products(_ c: Int) -> Double { sums[1][c] + (Double(Float(statistics.mean[c])) - statistics.mean[c]) * sums[0][c] }
        for c in 0..<x.channels {
            call.gradients[0][c] = Float(products(c) / deviation(c))
            call.gradients[1][c] = Float(sums[0][c])
        }
        guard let target else { return }
        let weight = call.parameters[0]
        let slopes = x.pattern { Float(Double(weight[$0]) / deviation($0)) }
        let mean = x.pattern { Float(sums[0][$0] / n) }
        let slope = x.pattern { Float(products($0) / (n * deviation($0) * deviation($0))) }
        try Flat.run(
            Kernels.table.normGradient, over: x, out: target, a: gradient, b: x,
            parameters: interleave([slopes, mean, centre, slope, statistics.scale, statistics.shift]), rows: 6, accumulate: accumulate,
            flag: call.relu)
    }

    /// Moves the running averages towards the batch's statistics. Early in training (`steps` so far) they follow faster,
    /// by a momentum of (1 + steps) / (10 + steps) where that is less: else a short training would be judged with the averages' starting values.
    func commit(_ statistics: BatchStatistics, _ parameters: [UnsafeMutablePointer<Float>], steps: Int?) {
        let momentum = steps.map { min(self.momentum, Double(1 + $0) / Double(10 + $0)) } ?? self.momentum
        for c in statistics.mean.indices {
            parameters[2][c] = Float(momentum * Double(parameters[2][c]) + (1 - momentum) * statistics.mean[c])
            parameters[3][c] = Float(momentum * Double(parameters[3][c]) + (1 - momentum) * statistics.variance[c])
        }
    }
}

/// Patterns of 16, one array a row, to rows within each block.
func interleave(_ rows: [[Float]]) -> [Float] {
    var out: [Float] = []
    for block in 0..<rows[0].count / 16 { for row in rows { out += row[block * 16..<block * 16 + 16] } }
    return out
}
