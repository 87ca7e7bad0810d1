import Support

extension Model {
    /// Writes the network for other programs as an ONNX model: input `image`, output `output`, float32, batch × channels × depth (z) × height (y) ×
    /// width (x), of any size that is divisible by `requiredMultiple`. Dropout is left out, as in prediction. Written to a temporary file, then renamed.
    ///
    /// - Throws: `FileError`; `NetworkError.export` for a layer that the standard's operators cannot say; `Interrupted`.
    public func exportONNX(to path: String) throws {
        var graph = OnnxGraph()
        var names: [String] = []
        for (index, entry) in self.graph.entries.enumerated() {
            try Interrupt.check()
            let last = index == self.graph.entries.count - 1
            let step = OnnxStep(
                name: last ? "output" : "layer.\(index).\(entry.layer.kind)", inputs: entry.inputs.map { names[$0] },
                inputChannels: self.graph.inputChannels(of: index), channels: entry.channels,
                parameters: Dictionary(
                    uniqueKeysWithValues: parameters.ofLayer[index].map { slot in
                        let spec = parameters.slots[slot].spec
                        return (spec.name, graph.constant(parameters.slots[slot].name, spec.shape, parameters.read(slot: slot)))
                    }),
                isLast: last)
            names.append(try step.add(entry.layer, to: &graph))
        }
        let bytes = graph.model(
            name: "skullstrip", input: ("image", inputChannels), output: ("output", outputChannels))
        // Protocol Buffers end at 2 GiB.
        guard bytes.count < 1 << 31 else {
            throw NetworkError.export(layer: nil, reason: "an ONNX file holds less than 2 GB, and this is \(Text.bytes(bytes.count))")
        }
        try AtomicFile.write(bytes, to: path)
    }
}

/// One layer as operations of the standard.
private struct OnnxStep {
    let name: String
    let inputs: [String]
    let inputChannels: [Int]
    let channels: Int
    /// Names of the constants that hold the layer's parameters.
    let parameters: [String: String]
    let isLast: Bool

    /// Adds the layer's operations; returns the name of what they give.
    func add(_ layer: any Layer, to graph: inout OnnxGraph) throws -> String {
        let x = inputs.first ?? ""
        func simple(_ operation: String, _ attributes: [(String, OnnxGraph.Attribute)] = []) -> String {
            graph.add(operation, inputs, named: name, attributes)
        }
        func parameter(_ key: String) -> [String] { parameters[key].map { [$0] } ?? [] }
        switch layer {
        case is InputLayer: return "image"
        case let l as Convolution:
            return graph.add(
                "Conv", [x] + parameter("weight") + parameter("bias"), named: name,
                try padding(l.kind, l.kernel, l.stride, l.dilation) + [("group", .integer(1))])
        case let l as GroupedConvolution:
            return graph.add(
                "Conv", [x] + parameter("weight") + parameter("bias"), named: name,
                try padding(l.kind, l.kernel, l.stride, l.dilation) + [("group", .integer(l.groups))])
        case let l as DepthwiseConvolution:
            return graph.add(
                "Conv", [x] + parameter("weight") + parameter("bias"), named: name,
                try padding(l.kind, l.kernel, l.stride, l.dilation) + [("group", .integer(inputChannels[0]))])
        case let l as UpConvolution:
            let more = l.kernel &- l.stride
            let before = pointwiseMax(more, .zero) / 2
            return graph.add(
                "ConvTranspose", [x] + parameter("weight") + parameter("bias"), named: name,
                [
                    ("kernel_shape", sizes(l.kernel)), ("strides", sizes(l.stride)),
                    ("pads", .integers(zyx(before) + zyx(pointwiseMax(more, .zero) &- before))),
                    ("output_padding", sizes(pointwiseMax(.zero &- more, .zero))),
                ])
        case let l as BatchNorm:
            return graph.add(
                "BatchNormalization", [x] + ["weight", "bias", "running_mean", "running_var"].flatMap(parameter), named: name,
                [("epsilon", .float(l.epsilon))])
        case let l as any SampleNorm: return sampleNorm(l, x, &graph)
        case is Relu: return simple("Relu")
        case is Sigmoid: return simple("Sigmoid")
        case let l as LeakyRelu: return simple("LeakyRelu", [("alpha", .float(l.slope))])
        case let l as Elu: return simple("Elu", [("alpha", .float(l.alpha))])
        case is Gelu:
            // x/2 · (1 + erf(x / √2)); the operator of that name is younger than most readers.
            let scaled = graph.add("Mul", [x, graph.constant("root_half", [1], [Float(0.5.squareRoot())])], named: "\(name).scaled")
            let erf = graph.add("Erf", [scaled], named: "\(name).erf")
            let above = graph.add("Add", [erf, graph.constant("one", [1], [1])], named: "\(name).above")
            let half = graph.add("Mul", [x, graph.constant("half", [1], [0.5])], named: "\(name).half")
            return graph.add("Mul", [half, above], named: name)
        case is Silu:
            let gate = graph.add("Sigmoid", [x], named: "\(name).gate")
            return graph.add("Mul", [x, gate], named: name)
        case is Softmax: return simple("Softmax", [("axis", .integer(1))])
        case is Dropout, is ChannelDropout: return isLast ? simple("Identity") : x
        case let l as MaxPool: return simple("MaxPool", [("kernel_shape", sizes(l.size)), ("strides", sizes(l.size))])
        case let l as StridedMaxPool:
            return simple("MaxPool", [("kernel_shape", sizes(l.windows.size)), ("strides", sizes(l.windows.stride)), ("auto_pad", .string("SAME_UPPER"))])
        case let l as AveragePool:
            return simple(
                "AveragePool",
                [
                    ("kernel_shape", sizes(l.windows.size)), ("strides", sizes(l.windows.stride)), ("auto_pad", .string("SAME_UPPER")),
                    ("count_include_pad", .integer(0)),
                ])
        case is GlobalPool: return simple("GlobalAveragePool")
        case is Add: return simple("Sum")
        case is Multiply: return simple("Mul")
        case is Concat: return simple("Concat", [("axis", .integer(1))])
        case let l as Upsample:
            let factors = graph.constant("\(name).scales", [5], [1, 1] + zyx(l.size).map { Float($0) })
            let nearest = l.method == .nearest
            return graph.add(
                "Resize", [x, "", factors], named: name,
                [
                    ("mode", .string(nearest ? "nearest" : "linear")),
                    ("coordinate_transformation_mode", .string(nearest ? "asymmetric" : "half_pixel")), ("nearest_mode", .string("floor")),
                ])
        default: throw NetworkError.export(layer: layer.kind, reason: "it has no counterpart among ONNX's operators")
        }
    }

    /// Padding "same". With a stride it depends on the image's size, which is left free, so it is left to the reader.
    private func padding(_ kind: String, _ kernel: SIMD3<Int>, _ stride: SIMD3<Int>, _ dilation: SIMD3<Int>) throws -> [(String, OnnxGraph.Attribute)] {
        let own: [(String, OnnxGraph.Attribute)] = [
            ("kernel_shape", sizes(kernel)), ("strides", sizes(stride)), ("dilations", sizes(dilation)),
        ]
        if stride == .one {
            let all = (kernel &- 1) &* dilation
            return own + [("pads", .integers(zyx(all / 2) + zyx(all &- all / 2)))]
        }
        guard dilation == .one else {
            throw NetworkError.export(layer: kind, reason: "ONNX has no padding \"same\" for a convolution with both stride and dilation")
        }
        return own + [("auto_pad", .string("SAME_UPPER"))]
    }

    /// A normalisation over groups of channels, written out in means: onnxruntime's InstanceNormalization adds up all voxels of a channel in one float, which on 128³ voxels
    /// is wrong by a thousandth of a probability. Means of rows first, then of these, stay within a hundred-thousandth.
    private func sampleNorm(_ layer: any SampleNorm, _ x: String, _ graph: inout OnnxGraph) -> String {
        let groups = layer.groups(of: channels)
        let each = graph.constant("each_channel", integers: [-1, 1, 1, 1])
        func mean(_ of: String, _ what: String) -> String {
            let rows = graph.add("ReduceMean", [of], named: "\(name).\(what).rows", [("axes", .integers([4]))])
            if groups == channels { return graph.add("ReduceMean", [rows], named: "\(name).\(what)", [("axes", .integers([2, 3]))]) }
            let shape = graph.constant("\(name).groups", integers: [0, groups, -1])
            let grouped = graph.add("Reshape", [rows, shape], named: "\(name).\(what).grouped")
            let means = graph.add("ReduceMean", [grouped], named: "\(name).\(what).means", [("axes", .integers([2]))])
            let member = graph.constant("\(name).members", integers: (0..<channels).map { $0 * groups / channels })
            let spread = graph.add("Gather", [means, member], named: "\(name).\(what).spread", [("axis", .integer(1))])
            return graph.add("Reshape", [spread, graph.constant("whole_channels", integers: [0, 0, 1, 1, 1])], named: "\(name).\(what)")
        }
        let centred = graph.add("Sub", [x, mean(x, "mean")], named: "\(name).centred")
        let variance = mean(graph.add("Mul", [centred, centred], named: "\(name).squares"), "variance")
        let epsilon = graph.constant("\(name).epsilon", [1], [Float(layer.epsilon)])
        let deviation = graph.add("Sqrt", [graph.add("Add", [variance, epsilon], named: "\(name).sum")], named: "\(name).deviation")
        let scale = graph.add("Reshape", [parameters["weight"] ?? "", each], named: "\(name).scale")
        let shift = graph.add("Reshape", [parameters["bias"] ?? "", each], named: "\(name).shift")
        let factor = graph.add("Div", [scale, deviation], named: "\(name).factor")
        return graph.add("Add", [graph.add("Mul", [centred, factor], named: "\(name).scaled"), shift], named: name)
    }

    private func zyx(_ v: SIMD3<Int>) -> [Int] { [v.z, v.y, v.x] }
    private func sizes(_ v: SIMD3<Int>) -> OnnxGraph.Attribute { .integers(zyx(v)) }
}
