import Kernels

/// A three-dimensional convolution (correlation, as everywhere in this field) with "same" padding in Keras' sense: the output is
/// ceil(n / stride) along each axis, and where padding is odd the extra plane of zeros is at the end.
struct Convolution: Layer {
    static let kind = "conv3d"
    let filters: Int
    let kernel, stride, dilation: SIMD3<Int>
    let bias: Bool

    init(filters: Int, kernel: SIMD3<Int>, stride: SIMD3<Int>, dilation: SIMD3<Int>, bias: Bool) throws {
        (self.filters, self.kernel, self.stride, self.dilation, self.bias) = (filters, kernel, stride, dilation, bias)
        try check("filters", filters, 1...Limit.channels)
        try check("kernel", kernel, 1...Limit.kernel)
        try check("stride", stride, 1...Limit.stride)
        try check("dilation", dilation, 1...Limit.dilation)
    }

    init(attributes a: Attributes) throws {
        try self.init(
            filters: a.integer("filters"), kernel: a.triple("kernel"), stride: a.triple("stride"), dilation: a.triple("dilation"),
            bias: a.bool("bias"))
    }

    var attributes: [(name: String, value: JSON)] {
        [
            ("filters", .number(Double(filters))), ("kernel", .triple(kernel)), ("stride", .triple(stride)),
            ("dilation", .triple(dilation)), ("bias", .bool(bias)),
        ]
    }

    func channels(_ inputs: [Int]) throws -> Int { filters }
    func shape(_ inputs: [SIMD3<Int>]) throws -> SIMD3<Int> { (inputs[0] &+ stride &- 1) / stride }
    var scale: (up: SIMD3<Int>, down: SIMD3<Int>) { (.one, stride) }
    var reach: SIMD3<Int> { (kernel &- 1) &* dilation }

    func parameters(_ inputs: [Int]) -> [ParameterSpec] {
        let layout = WeightLayout(input: inputs[0], output: filters, order: geometry.gatherOrder, inputFirst: false, kernel: kernel)
        let weight = ParameterSpec(
            name: "weight", shape: [filters, inputs[0], kernel.z, kernel.y, kernel.x], start: .heNormal(fanIn: inputs[0] * kernel.product),
            storage: .blocked(layout), trainable: true)
        return bias
            ? [weight, ParameterSpec(name: "bias", shape: [filters], start: .zeros, storage: .vector, trainable: true)] : [weight]
    }

    var geometry: Geometry { Geometry(kernel: kernel, stride: stride, dilation: dilation) }

    func flops(inputs: [Int], output: SIMD3<Int>) -> Double {
        2 * Double(inputs[0]) * Double(filters) * Double(kernel.product) * Double(output.product)
    }

    // MARK: Computation

    func needs(relu: Bool) -> (input: Bool, output: Bool) { (true, relu) }
    var fusesRelu: Bool { true }
    var readsViews: Bool { true }
    var writesLines: Bool { true }

    private func layout(_ input: Int) -> WeightLayout {
        WeightLayout(input: input, output: filters, order: geometry.gatherOrder, inputFirst: false, kernel: kernel)
    }

    /// How this layer is computed for inputs of one shape.
    private func convolver(_ input: Int, _ shape: SIMD3<Int>, _ batch: Int, half: Bool = false) -> Convolver {
        Convolver(geometry: geometry, layout: layout(input), shape: shape, batch: batch, half: half)
    }

    func workspace(input: SIMD3<Int>, channels: [Int], batch: Int, training: Bool) -> Int {
        convolver(channels[0], input, batch).workspace(training: training)
    }

    func forward(_ call: LayerCall) throws {
        let source = call.source
        try call.withWriting(bias: bias ? call.parameters[1] : nil) { writing in
            try convolver(source.channels, source.shape, source.batch, half: call.half)
                .forward(source, weights: call.parameters[0], into: writing, workspace: call.workspace)
        }
    }

    func backward(_ call: LayerCall) throws {
        try call.convolutionBackward(convolver(call.source.channels, call.source.shape, call.source.batch, half: call.half), bias: bias)
    }
}

extension LayerCall {
    /// The backward pass of a convolution or a transposed one, whose parameters are the weights and a bias.
    func convolutionBackward(_ convolver: Convolver, bias: Bool) throws {
        let gradient = outputGradient
        if relu, !gated { try Relu.mask(gradient, by: output) }
        if bias { try biasGradient(into: gradients[1]) }
        try convolver.weightGradient(gradients[0], input: source, gradient: Reading(gradient), workspace: workspace)
        guard let target = sourceGradient else { return }
        try convolver.inputGradient(Reading(gradient), weights: parameters[0], into: target, workspace: workspace)
    }

    /// Sums of the output's gradient over voxels and batch.
    func biasGradient(into out: UnsafeMutablePointer<Float>) throws {
        if centred { return out.update(repeating: 0, count: output.channels) }
        let sum = gated ? sums?.sum : nil
        let found = try sum ?? Flat.channelSums(Kernels.table.sums, rows: 2, over: outputGradient, a: outputGradient)[0]
        for c in found.indices { out[c] = Float(found[c]) }
    }
}
