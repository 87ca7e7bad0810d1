import Networks
import Testing

/// Every layer's output and gradients against PyTorch in double precision (Tests/Reference/networks/make.py).
@Suite struct LayerReferenceTests {
    static let cases =
        [
            "conv_1_16", "conv_3_5", "conv_16_17", "conv_17_16", "conv_17_33", "conv_axes_3_8", "conv_dilated_4_2", "conv_point_17_1",
            "conv_relu_8_8", "conv_strided", "conv_strided_dilated", "up_axes", "up_relu", "norm_3", "norm_17_relu", "conv_norm_relu",
            "sigmoid_3", "relu_5", "pool_17", "concat_mixed", "shared_8",
        ] + general + pools + joins + groups + norms + activations + upsampling

    /// Convolutions that run by direct sweeps.
    static let general = [
        "point_3_17", "conv5_3_1", "conv5_1_17", "conv5_17_3", "halved_3", "halved_17", "thirds_1", "dilated_3", "dilated_17",
    ]
    static let pools = [
        "pool_overlap_17", "pool_overlap_3", "pool_axes_1", "average_overlap_17", "average_overlap_3", "average_axes_1", "average_halves_8",
        "pools_shared",
    ]
    static let norms = ["instance_3", "instance_17_relu", "instance_conv_1", "group_6", "group_34_relu", "layer_3", "layer_17"]
    static let activations = [
        "leakyrelu_17", "elu_3", "gelu_3", "silu_17", "softmax_2", "softmax_3", "softmax_8", "softmax_16", "softmax_17", "softmax_40",
        "layers_shared_6", "layers_shared_17",
    ]
    static let upsampling = [
        "upsample_nearest_3", "upsample_nearest_17", "upsample_nearest_1", "upsample_trilinear_3", "upsample_trilinear_17",
        "upsample_trilinear_1",
    ]
    static let joins = ["add_17", "add_1", "multiply_1", "multiply_3", "multiply_17", "squeeze_excite", "attention_gate"]
    static let groups = [
        "grouped_32", "grouped_32_6", "grouped_6_32", "grouped_12_18", "grouped_32_of_8", "grouped_51_34", "grouped_strided",
        "grouped_shared", "depthwise_17", "depthwise_3",
        "depthwise_8", "depthwise_5_10", "depthwise_3_51", "depthwise_strided", "depthwise_strided_2",
    ]

    @Test(arguments: cases)
    func agreesWithPyTorch(_ name: String) throws {
        let file = try ReferenceFile(name)
        let model = try Model.load(file.path)
        let probe = try Probe(model, shape: file.volume, batch: file.batch)
        let input = try file.values("test.input")

        let output = try probe.forward(input)
        #expect(relativeError(output, try file.values("test.output")) < 2e-6)

        let gradient = try probe.backward(file.values("test.output_gradient"))
        #expect(relativeError(gradient, try file.values("test.input_gradient")) < 5e-6)
        // A second run in the same memory must not see what the first left there.
        _ = try probe.forward(input)
        #expect(try probe.backward(file.values("test.output_gradient")) == gradient)

        for (name, shape, values) in probe.weightGradients {
            #expect(file.shape("test.gradient." + name) == shape)
            let expected = try file.values("test.gradient." + name)
            // A bias before a normalisation has gradient zero but for rounding.
            let size = expected.reduce(0) { max($0, abs($1)) }
            if size < 1e-9 {
                #expect(values.allSatisfy { abs($0) < 1e-4 }, "\(name)")
            } else {
                #expect(relativeError(values, expected) < 1e-5, "\(name)")
            }
        }
        probe.commit()
        for (name, _, values) in model.arrays where name.contains("running") {
            #expect(relativeError(values, try file.values("test.after." + name)) < 1e-6, "\(name)")
        }
    }

    @Test(arguments: cases)
    func predictsAsPyTorchInInference(_ name: String) throws {
        let file = try ReferenceFile(name)
        let model = try Model.load(file.path)
        let input = try file.values("test.input")
        let each = input.count / file.batch
        var output: [Float] = []
        for n in 0..<file.batch { output += try model.predict(Array(input[n * each..<(n + 1) * each]), shape: file.volume) }
        #expect(relativeError(output, try file.values("test.inference")) < 2e-6)
    }
}

/// One training step of a small U-Net, and what follows from five of them.
@Suite struct TrainingStepTests {
    @Test func stepAgreesWithPyTorch() throws {
        let file = try ReferenceFile("unet")
        let model = try Model.load(file.path)
        let probe = try Probe(model, shape: file.volume, batch: file.batch)
        let output = try probe.forward(file.values("test.input"))
        #expect(relativeError(output, try file.values("test.output")) < 1e-5)
        let loss = try probe.loss(file.values("test.target"))
        let expected = try #require(Double(file.metadata("loss") ?? ""))
        #expect(abs(loss - expected) < 1e-5 * expected)
        try probe.backwardFromLoss()
        for (name, _, values) in probe.weightGradients {
            let reference = try file.values("test.gradient." + name)
            if reference.allSatisfy({ abs($0) < 1e-12 }) { continue }
            #expect(relativeError(values, reference) < 1e-3, "\(name)")
        }
    }

    @Test func fiveStepsOfFitAgreeWithPyTorch() throws {
        let file = try ReferenceFile("unet")
        let model = try Model.load(file.path)
        let stored = try JSON(file.metadata("losses") ?? "").array?.compactMap(\.number)
        let expected = try #require(stored)
        let image = try file.values("test.input"), target = try file.values("test.target")
        let each = image.count / 2
        let samples = (0..<2).map {
            Sample(
                image: Array(image[$0 * each..<($0 + 1) * each]), target: Array(target[$0 * each..<($0 + 1) * each]), shape: file.volume,
                name: "\($0)")
        }
        var losses: [Double] = []
        _ = try fit(
            model, train: SampleArray(samples), valid: nil, options: FitOptions(epochs: 1, steps: 5, batch: 2),
            onStep: { losses.append($0.loss) })
        #expect(losses.count == 5)
        for (a, b) in zip(losses, expected) { #expect(abs(a - b) < 1e-4 * b, "\(losses) \(expected)") }
    }
}
