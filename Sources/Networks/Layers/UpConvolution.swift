import Kernels
import Support

/// A transposed convolution, Keras' "same": the output is n · stride along each axis, the gradient of the "same" convolution
/// of that stride. For kernel 3 and stride 2 it keeps [0, 2n) of the 2n + 1 planes.
struct UpConvolution: Layer {
    static let kind = "upconv3d"
    let filters: Int
    let kernel, stride: SIMD3<Int>

    init(filters: Int, kernel: SIMD3<Int>, stride: SIMD3<Int>) throws {
        (self.filters, self.kernel, self.stride) = (filters, kernel, stride)
        try check("filters", filters, 1...Limit.channels)
        try check("kernel", kernel, 1...Limit.kernel)
        try check("stride", stride, 1...Limit.stride)
    }

    init(attributes a: Attributes) throws {
        try self.init(filters: a.integer("filters"), kernel: a.triple("kernel"), stride: a.triple("stride"))
    }

    var attributes: [(name: String, value: JSON)] {
        [("filters", .number(Double(filters))), ("kernel", .triple(kernel)), ("stride", .triple(stride))]
    }

    func channels(_ inputs: [Int]) throws -> Int { filters }
    func shape(_ inputs: [SIMD3<Int>]) throws -> SIMD3<Int> {
        let shape = inputs[0] &* stride
        for axis in 0..<3 where shape[axis] > Limit.axis {
            throw NetworkError.mismatch(
                layer: kind, detail: "an output of \(Text.sizes(shape)) is too large; at most \(Limit.axis) along an axis")
        }
        return shape
    }
    var scale: (up: SIMD3<Int>, down: SIMD3<Int>) { (stride, .one) }
    var reach: SIMD3<Int> { (kernel &- 1) / stride }

    func parameters(_ inputs: [Int]) -> [ParameterSpec] {
        let layout = WeightLayout(input: inputs[0], output: filters, order: geometry.scatterOrder, inputFirst: true, kernel: kernel)
        return [
            ParameterSpec(
                name: "weight", shape: [inputs[0], filters, kernel.z, kernel.y, kernel.x],
                start: .heNormal(fanIn: inputs[0] * kernel.product), storage: .blocked(layout), trainable: true),
            ParameterSpec(name: "bias", shape: [filters], start: .zeros, storage: .vector, trainable: true),
        ]
    }

    /// The geometry of the convolution that this layer is the transpose of.
    var geometry: Geometry { Geometry(kernel: kernel, stride: stride, dilation: .one) }

    func flops(inputs: [Int], output: SIMD3<Int>) -> Double {
        2 * Double(inputs[0]) * Double(filters) * Double(kernel.product) * Double((output / stride).product)
    }

    // MARK: Computation

    func needs(relu: Bool) -> (input: Bool, output: Bool) { (true, relu) }
    var fusesRelu: Bool { true }
    var readsViews: Bool { true }
    var writesLines: Bool { true }

    private func layout(_ input: Int) -> WeightLayout {
        WeightLayout(input: input, output: filters, order: geometry.scatterOrder, inputFirst: true, kernel: kernel)
    }

    /// How this layer is computed for inputs of one shape.
    private func convolver(_ input: Int, _ shape: SIMD3<Int>, _ batch: Int, half: Bool = false) -> Convolver {
        Convolver(geometry: geometry, layout: layout(input), shape: shape, batch: batch, transposed: true, half: half)
    }

    func workspace(input: SIMD3<Int>, channels: [Int], batch: Int, training: Bool) -> Int {
        convolver(channels[0], input, batch).workspace(training: training)
    }

    func forward(_ call: LayerCall) throws {
        let source = call.source
        try call.withWriting(bias: call.parameters[1]) { writing in
            try convolver(source.channels, source.shape, source.batch, half: call.half)
                .forward(source, weights: call.parameters[0], into: writing, workspace: call.workspace)
        }
    }

    func backward(_ call: LayerCall) throws {
        try call.convolutionBackward(convolver(call.source.channels, call.source.shape, call.source.batch, half: call.half), bias: true)
    }
}
