import Kernels

/// A convolution whose filters and channels are shared out to groups of equal size that know nothing of each other (Krizhevsky 2012; Xie 2017,
/// doi:10.1109/CVPR.2017.634). Sizes as `Convolution`'s; PyTorch's `Conv3d(groups=)`. Groups of whole blocks of 16 channels are computed where they
/// lie, others from copies of their channels.
struct GroupedConvolution: Layer {
    static let kind = "conv3d_grouped"
    let filters, groups: Int
    let kernel, stride, dilation: SIMD3<Int>
    let bias: Bool

    init(filters: Int, kernel: SIMD3<Int>, stride: SIMD3<Int>, dilation: SIMD3<Int>, bias: Bool, groups: Int) throws {
        (self.filters, self.kernel, self.stride, self.dilation, self.bias) = (filters, kernel, stride, dilation, bias)
        self.groups = groups
        try check("filters", filters, 1...Limit.channels)
        try check("groups", groups, 1...Limit.channels)
        try check("kernel", kernel, 1...Limit.kernel)
        try check("stride", stride, 1...Limit.stride)
        try check("dilation", dilation, 1...Limit.dilation)
    }

    init(attributes a: Attributes) throws {
        try self.init(
            filters: a.integer("filters"), kernel: a.triple("kernel"), stride: a.triple("stride"), dilation: a.triple("dilation"),
            bias: a.bool("bias"), groups: a.integer("groups"))
    }

    var attributes: [(name: String, value: JSON)] {
        [
            ("filters", .number(Double(filters))), ("kernel", .triple(kernel)), ("stride", .triple(stride)),
            ("dilation", .triple(dilation)), ("bias", .bool(bias)), ("groups", .number(Double(groups))),
        ]
    }

    func channels(_ inputs: [Int]) throws -> Int {
        guard inputs[0] % groups == 0, filters % groups == 0 else {
            throw NetworkError.mismatch(
                layer: kind, detail: "\(inputs[0]) channels and \(filters) filters must both be divisible by the \(groups) groups")
        }
        return filters
    }

    func shape(_ inputs: [SIMD3<Int>]) throws -> SIMD3<Int> { (inputs[0] &+ stride &- 1) / stride }
    var scale: (up: SIMD3<Int>, down: SIMD3<Int>) { (.one, stride) }

    private var geometry: Geometry { Geometry(kernel: kernel, stride: stride, dilation: dilation) }

    /// Of one group's weights.
    private func layout(_ channels: Int) -> WeightLayout {
        WeightLayout(
            input: channels / groups, output: filters / groups, order: geometry.gatherOrder, inputFirst: false, kernel: kernel)
    }

    func parameters(_ inputs: [Int]) -> [ParameterSpec] {
        let each = inputs[0] / groups
        let weight = ParameterSpec(
            name: "weight", shape: [filters, each, kernel.z, kernel.y, kernel.x], start: .heNormal(fanIn: each * kernel.product),
            storage: .grouped(layout(inputs[0]), groups: groups), trainable: true)
        return bias
            ? [weight, ParameterSpec(name: "bias", shape: [filters], start: .zeros, storage: .vector, trainable: true)] : [weight]
    }

    func flops(inputs: [Int], output: SIMD3<Int>) -> Double {
        2 * Double(inputs[0] / groups) * Double(filters) * Double(kernel.product) * Double(output.product)
    }

    // MARK: Computation

    func needs(relu: Bool) -> (input: Bool, output: Bool) { (true, relu) }
    var fusesRelu: Bool { true }

    private func convolver(_ channels: Int, _ shape: SIMD3<Int>, _ batch: Int) -> Convolver {
        Convolver(geometry: geometry, layout: layout(channels), shape: shape, batch: batch)
    }

    /// Places of a copied input, a copied output and the convolution's own memory within the working memory.
    private func places(_ channels: Int, _ input: SIMD3<Int>, _ batch: Int) throws -> (output: Int, own: Int) {
        let output = try shape([input])
        let inputFloats = Tensor.floats(batch: batch, channels: channels / groups, shape: input)
        return (inputFloats, inputFloats + Tensor.floats(batch: batch, channels: filters / groups, shape: output))
    }

    func workspace(input: SIMD3<Int>, channels: [Int], batch: Int, training: Bool) -> Int {
        let own = (try? places(channels[0], input, batch).own) ?? 0
        return own + convolver(channels[0], input, batch).workspace(training: training)
    }

    /// One group's channels of a tensor: where they lie, or copied to `copy`.
    private func part(_ group: Int, of tensor: Tensor, copy: UnsafeMutablePointer<Float>) throws -> Reading {
        let each = tensor.channels / groups
        if each % 16 == 0 {
            let first = group * each / 16
            return Reading(blocks: (first..<first + each / 16).map { Reading.Block(tensor: tensor, index: $0) }, channels: each)
        }
        let own = Tensor(base: copy, batch: tensor.batch, channels: each, shape: tensor.shape)
        try Concat.copy(tensor, group * each, own, 0, each, accumulate: false)
        try Concat.clearPadding(own)
        return Reading(own)
    }

    func forward(_ call: LayerCall) throws {
        let source = call.inputs[0], output = call.output, each = filters / groups
        let layout = layout(source.channels), convolver = convolver(source.channels, source.shape, source.batch)
        let places = try places(source.channels, source.shape, source.batch)
        // The kernels read whole blocks of biases: each group's are padded to those.
        let padded = (each + 15) / 16 * 16
        var biases = [Float](repeating: 0, count: groups * padded)
        if bias { for f in 0..<filters { biases[f / each * padded + f % each] = call.parameters[1][f] } }
        try biases.withUnsafeMutableBufferPointer { biases in
            try call.withWriting(bias: nil) { whole in
                for group in 0..<groups {
                    let input = try part(group, of: source, copy: call.workspace)
                    var writing: Writing
                    if each % 16 == 0 {
                        let first = group * each / 16
                        writing = Writing(blocks: Array(whole.blocks[first..<first + each / 16]), channels: each)
                        (writing.scale, writing.shift) = (whole.scale.map { $0 + first * 16 }, whole.shift.map { $0 + first * 16 })
                        writing.relu = whole.relu
                    } else {
                        writing = Writing(
                            Tensor(base: call.workspace + places.output, batch: output.batch, channels: each, shape: output.shape))
                    }
                    if bias { writing.bias = biases.baseAddress.map { UnsafePointer($0) + group * padded } }
                    try convolver.forward(
                        input, weights: call.parameters[0] + group * layout.storedCount, into: writing,
                        workspace: call.workspace + places.own)
                    if each % 16 != 0 {
                        try Concat.copy(writing.blocks[0].tensor, 0, output, group * each, each, accumulate: false)
                    }
                }
            }
        }
        if each % 16 == 0 { return }
        try Concat.clearPadding(output)
        if !call.scale.isEmpty {
            try Flat.run(
                Kernels.table.affine, over: output, out: output, a: output, parameters: interleave([call.scale, call.shift]), rows: 2,
                flag: call.relu)
        } else if call.relu {
            try Flat.run(Kernels.table.relu, over: output, out: output, a: output)
        }
    }

    func backward(_ call: LayerCall) throws {
        let source = call.inputs[0], gradient = call.outputGradient, each = source.channels / groups
        if call.relu { try Relu.mask(gradient, by: call.output) }
        if bias { try Reduction.biasGradient(gradient, into: call.gradients[1]) }
        let layout = layout(source.channels), convolver = convolver(source.channels, source.shape, source.batch)
        let places = try places(source.channels, source.shape, source.batch)
        for group in 0..<groups {
            let weights = group * layout.storedCount
            let slope = try part(group, of: gradient, copy: call.workspace + places.output)
            try convolver.weightGradient(
                call.gradients[0] + weights, input: part(group, of: source, copy: call.workspace), gradient: slope,
                workspace: call.workspace + places.own)
            guard let target = call.inputGradients[0] else { continue }
            let adds = call.accumulate[0]
            var writing: Writing
            if each % 16 == 0 {
                let blocks = group * each / 16..<(group + 1) * each / 16
                writing = Writing(blocks: blocks.map { Writing.Block(tensor: target, index: $0, accumulate: adds) }, channels: each)
            } else {
                // The copied input has served.
                writing = Writing(Tensor(base: call.workspace, batch: source.batch, channels: each, shape: source.shape))
            }
            try convolver.inputGradient(
                slope, weights: call.parameters[0] + weights, into: writing, workspace: call.workspace + places.own)
            if each % 16 != 0 { try Concat.copy(writing.blocks[0].tensor, 0, target, group * each, each, accumulate: adds) }
        }
        if let target = call.inputGradients[0], each % 16 != 0, !call.accumulate[0] { try Concat.clearPadding(target) }
    }
}
