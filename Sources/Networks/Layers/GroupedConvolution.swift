import Kernels

/// A convolution whose filters and channels are shared out to groups of equal size that know nothing of each other (Krizhevsky 2012; Xie 2017,
/// doi:10.1109/CVPR.2017.634). Sizes as `Convolution`'s; PyTorch's `Conv3d(groups=)`.
///
/// Groups of whole blocks of 16 channels are computed where they lie. Smaller ones are joined to a bundle that fills blocks and computed as one convolution, whose
/// weights between different groups are zero: that costs less than moving channels about. Groups for which it would cost too much are computed from copies
/// of their channels.
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
    var reach: SIMD3<Int> { (kernel &- 1) &* dilation }

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
    var foldsNorm: Bool { true }

    /// How many groups are computed as one convolution: as few as fill blocks of 16 channels on both sides, or all.
    private func bundle(_ channels: Int) -> Int {
        let each = (channels / groups, filters / groups)
        for n in 1...16 where groups % n == 0 {
            if n == groups || n * each.0 % 16 == 0 && n * each.1 % 16 == 0 { return n * max(each.0, each.1) <= 64 ? n : 1 }
        }
        return 1
    }

    /// The parts of the computation for inputs of one shape, and places within the working memory.
    private struct Work {
        /// Groups of a bundle, and number of bundles.
        let groups, bundles: Int
        let layout: WeightLayout
        let convolver: Convolver
        /// Places of a copied output, of a bundle's weights and their gradient, and of the convolution's own memory; a copied input is at 0.
        let output, weights, own: Int
    }

    private func work(_ channels: Int, _ input: SIMD3<Int>, _ batch: Int) -> Work {
        let n = bundle(channels), bundles = groups / n
        let layout = WeightLayout(
            input: channels / bundles, output: filters / bundles, order: geometry.gatherOrder, inputFirst: false, kernel: kernel)
        let small = Tensor.floats(batch: batch, channels: channels / bundles, shape: input)
        let large = Tensor.floats(batch: batch, channels: filters / bundles, shape: (input &+ stride &- 1) / stride)
        return Work(
            groups: n, bundles: bundles, layout: layout,
            convolver: Convolver(geometry: geometry, layout: layout, shape: input, batch: batch),
            output: small, weights: small + large, own: small + large + (layout.storedCount + 15) / 16 * 16)
    }

    func workspace(input: SIMD3<Int>, channels: [Int], batch: Int, training: Bool) -> Int {
        let work = work(channels[0], input, batch)
        return work.own + work.convolver.workspace(training: training)
    }

    /// The weights of a bundle: a group's own, or those of several with zeros between them.
    private func weights(_ bundle: Int, _ work: Work, _ call: LayerCall, _ channels: Int) -> UnsafeMutablePointer<Float> {
        let own = layout(channels), first = call.parameters[0] + bundle * work.groups * own.storedCount
        if work.groups == 1 { return first }
        let out = call.workspace + work.weights
        out.update(repeating: 0, count: work.layout.storedCount)
        forEach(own, work) { group, place, joined in out[joined] = first[group * own.storedCount + place] }
        return out
    }

    /// Calls `body(group in the bundle, place in the group's weights, place in the bundle's)`.
    private func forEach(_ own: WeightLayout, _ work: Work, _ body: (Int, Int, Int) -> Void) {
        for group in 0..<work.groups {
            for o in 0..<own.output {
                for i in 0..<own.input {
                    for tap in 0..<own.order.count {
                        body(
                            group, own.place(output: o, input: i, tap: tap),
                            work.layout.place(output: group * own.output + o, input: group * own.input + i, tap: tap))
                    }
                }
            }
        }
    }

    /// One bundle's channels of a tensor: where they lie, or copied to `copy`.
    private func part(_ bundle: Int, of bundles: Int, _ tensor: Tensor, copy: UnsafeMutablePointer<Float>) throws -> Reading {
        if bundles == 1 { return Reading(tensor) }
        let each = tensor.channels / bundles
        if each % 16 == 0 {
            let first = bundle * each / 16
            return Reading(blocks: (first..<first + each / 16).map { Reading.Block(tensor: tensor, index: $0) }, channels: each)
        }
        let own = Tensor(base: copy, batch: tensor.batch, channels: each, shape: tensor.shape)
        try Concat.copy(tensor, bundle * each, own, 0, each, accumulate: false)
        try Concat.clearPadding(own)
        return Reading(own)
    }

    func forward(_ call: LayerCall) throws {
        let source = call.inputs[0], output = call.output, work = work(source.channels, source.shape, source.batch)
        if work.bundles == 1 {
            return try call.withWriting(bias: bias ? call.parameters[1] : nil) { writing in
                try work.convolver.forward(
                    Reading(source), weights: weights(0, work, call, source.channels), into: writing, workspace: call.workspace + work.own)
            }
        }
        let each = filters / work.bundles
        // The kernels read whole blocks of biases: each bundle's are padded to those.
        let padded = (each + 15) / 16 * 16
        var biases = [Float](repeating: 0, count: work.bundles * padded)
        if bias { for f in 0..<filters { biases[f / each * padded + f % each] = call.parameters[1][f] } }
        try biases.withUnsafeBufferPointer { biases in
            try call.withWriting(bias: nil) { whole in
                for bundle in 0..<work.bundles {
                    let input = try part(bundle, of: work.bundles, source, copy: call.workspace)
                    var writing: Writing
                    if each % 16 == 0 {
                        let first = bundle * each / 16
                        writing = Writing(blocks: Array(whole.blocks[first..<first + each / 16]), channels: each)
                        (writing.scale, writing.shift) = (whole.scale.map { $0 + first * 16 }, whole.shift.map { $0 + first * 16 })
                        writing.relu = whole.relu
                    } else {
                        writing = Writing(
                            Tensor(base: call.workspace + work.output, batch: output.batch, channels: each, shape: output.shape))
                    }
                    if bias { writing.bias = biases.baseAddress.map { $0 + bundle * padded } }
                    try work.convolver.forward(
                        input, weights: weights(bundle, work, call, source.channels), into: writing, workspace: call.workspace + work.own)
                    if each % 16 != 0 {
                        try Concat.copy(writing.blocks[0].tensor, 0, output, bundle * each, each, accumulate: false)
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
        let source = call.inputs[0], gradient = call.outputGradient, work = work(source.channels, source.shape, source.batch)
        if call.relu { try Relu.mask(gradient, by: call.output) }
        if bias { try call.biasGradient(into: call.gradients[1]) }
        let own = layout(source.channels), each = source.channels / work.bundles
        let copies = work.bundles > 1 && each % 16 != 0
        for bundle in 0..<work.bundles {
            let slope = try part(bundle, of: work.bundles, gradient, copy: call.workspace + work.output)
            let result = call.gradients[0] + bundle * work.groups * own.storedCount
            let joined = work.groups == 1 ? result : call.workspace + work.weights
            try work.convolver.weightGradient(
                joined, input: part(bundle, of: work.bundles, source, copy: call.workspace), gradient: slope,
                workspace: call.workspace + work.own)
            if work.groups > 1 { forEach(own, work) { group, place, at in result[group * own.storedCount + place] = joined[at] } }
            guard let target = call.inputGradients[0] else { continue }
            let adds = call.accumulate[0]
            var writing: Writing
            if work.bundles == 1 {
                writing = Writing(target, accumulate: adds)
            } else if !copies {
                let blocks = bundle * each / 16..<(bundle + 1) * each / 16
                writing = Writing(blocks: blocks.map { Writing.Block(tensor: target, index: $0, accumulate: adds) }, channels: each)
            } else {
                // The copied input has served.
                writing = Writing(Tensor(base: call.workspace, batch: source.batch, channels: each, shape: source.shape))
            }
            try work.convolver.inputGradient(
                slope, weights: weights(bundle, work, call, source.channels), into: writing, workspace: call.workspace + work.own)
            if copies { try Concat.copy(writing.blocks[0].tensor, 0, target, bundle * each, each, accumulate: adds) }
        }
        if let target = call.inputGradients[0], copies, !call.accumulate[0] { try Concat.clearPadding(target) }
    }
}
