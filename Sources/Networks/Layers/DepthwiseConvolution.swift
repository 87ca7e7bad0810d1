import Kernels

/// A convolution of every channel on its own (Chollet 2017, doi:10.1109/CVPR.2017.195): filters k·m … k·m + m − 1 read channel k, where m is filters ÷
/// channels. Sizes as `Convolution`'s; PyTorch's `Conv3d` with as many groups as channels.
struct DepthwiseConvolution: Layer {
    static let kind = "conv3d_depthwise"
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

    func channels(_ inputs: [Int]) throws -> Int {
        guard filters % inputs[0] == 0 else {
            throw NetworkError.mismatch(
                layer: kind, detail: "\(filters) filters cannot be shared out to \(inputs[0]) channels; take a multiple of \(inputs[0])")
        }
        return filters
    }

    func shape(_ inputs: [SIMD3<Int>]) throws -> SIMD3<Int> { (inputs[0] &+ stride &- 1) / stride }
    var scale: (up: SIMD3<Int>, down: SIMD3<Int>) { (.one, stride) }
    var reach: SIMD3<Int> { (kernel &- 1) &* dilation }

    private var layout: LaneLayout { LaneLayout(channels: filters, taps: kernel.product) }

    func parameters(_ inputs: [Int]) -> [ParameterSpec] {
        let weight = ParameterSpec(
            name: "weight", shape: [filters, 1, kernel.z, kernel.y, kernel.x], start: .heNormal(fanIn: kernel.product),
            storage: .lanes(layout), trainable: true)
        return bias
            ? [weight, ParameterSpec(name: "bias", shape: [filters], start: .zeros, storage: .vector, trainable: true)] : [weight]
    }

    func flops(inputs: [Int], output: SIMD3<Int>) -> Double { 2 * Double(filters) * Double(kernel.product) * Double(output.product) }

    // MARK: Computation

    func needs(relu: Bool) -> (input: Bool, output: Bool) { (true, relu) }
    var fusesRelu: Bool { true }
    var foldsNorm: Bool { true }

    private var geometry: Geometry { Geometry(kernel: kernel, stride: stride, dilation: dilation) }

    private func sweep(_ pass: Geometry.Pass, _ channels: Int) -> DepthwiseSweep {
        DepthwiseSweep(pass: pass, geometry: geometry, lanes: filters, multiplier: filters / channels)
    }

    func workspace(input: SIMD3<Int>, channels: [Int], batch: Int, training: Bool) -> Int {
        let sweep = sweep(geometry.gatherPass(fine: input), channels[0])
        return training ? max(sweep.workspace, sweep.weightWorkspace(batch: batch)) : sweep.workspace
    }

    func forward(_ call: LayerCall) throws {
        let source = call.inputs[0]
        try call.withWriting(bias: bias ? call.parameters[1] : nil) { writing in
            try sweep(geometry.gatherPass(fine: source.shape), source.channels)
                .run(source, weights: call.parameters[0], layout: layout, into: writing, reduces: false, workspace: call.workspace)
        }
    }

    func backward(_ call: LayerCall) throws {
        let input = call.inputs[0], gradient = call.outputGradient
        if call.relu { try Relu.mask(gradient, by: call.output) }
        if bias { try call.biasGradient(into: call.gradients[1]) }
        try sweep(geometry.gatherPass(fine: input.shape), input.channels)
            .weightGradient(call.gradients[0], layout: layout, input: input, gradient: gradient, workspace: call.workspace)
        guard let target = call.inputGradients[0] else { return }
        for pass in geometry.scatterPasses(fine: input.shape) {
            try sweep(pass, input.channels)
                .run(
                    gradient, weights: call.parameters[0], layout: layout, into: Writing(target, accumulate: call.accumulate[0]),
                    reduces: true, workspace: call.workspace)
        }
    }
}
