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

    private func layout(_ input: Int) -> WeightLayout {
        WeightLayout(input: input, output: filters, order: geometry.gatherOrder, inputFirst: false, kernel: kernel)
    }

    private func reversed(_ input: Int, fine: SIMD3<Int>) -> WeightLayout {
        layout(input).reversed(order: geometry.scatterOrder(fine: fine))
    }

    func workspace(input: SIMD3<Int>, channels: [Int], batch: Int) -> Int {
        // The shape alone matters to the plan of a sweep, so the tensor has no memory.
        let source = Tensor.outline(batch: batch, channels: channels[0], shape: input)
        let sweep = Sweep(pass: geometry.gatherPass(fine: input), source: source)
        return max(sweep.weightWorkspace(layout(channels[0])), reversed(channels[0], fine: input).storedCount)
    }

    func forward(_ call: LayerCall) throws {
        let source = call.inputs[0]
        let sweep = Sweep(pass: geometry.gatherPass(fine: source.shape), source: source)
        try call.scale.withUnsafeBufferPointer { scale in
            try call.shift.withUnsafeBufferPointer { shift in
                let finish = Sweep.Finish(
                    bias: bias ? UnsafePointer(call.parameters[1]) : nil, scale: call.scale.isEmpty ? nil : scale.baseAddress,
                    shift: call.scale.isEmpty ? nil : shift.baseAddress, relu: call.relu)
                try sweep.run(weights: call.parameters[0], layout: layout(source.channels), into: call.output, finish: finish)
            }
        }
    }

    func backward(_ call: LayerCall) throws {
        let input = call.inputs[0], gradient = call.outputGradient
        if call.relu { try Relu.mask(gradient, by: call.output) }
        if bias { try Reduction.biasGradient(gradient, into: call.gradients[1]) }
        guard let workspace = call.workspace else { return }
        let layout = layout(input.channels)
        try Sweep(pass: geometry.gatherPass(fine: input.shape), source: input)
            .weightGradient(call.gradients[0], layout: layout, out: gradient, workspace: workspace)
        guard let target = call.inputGradients[0] else { return }
        let reversed = reversed(input.channels, fine: input.shape)
        try layout.reverse(call.parameters[0], to: reversed, workspace)
        for pass in geometry.scatterPasses(fine: input.shape) {
            try Sweep(pass: pass, source: gradient)
                .run(weights: workspace, layout: reversed, into: target, finish: Sweep.Finish(accumulate: call.accumulate[0]))
        }
    }
}
