import Networks
import Support

/// Layers that are not 3×3×3 convolutions of stride 1, at 48×64×80 on two threads: GFLOP/s of each direction. bench/general_layers.py has PyTorch's.
func general() throws {
    let one = SIMD3(1, 1, 1), two = SIMD3(2, 2, 2), shape = SIMD3(48, 64, 80)
    func cube(_ n: Int) -> SIMD3<Int> { SIMD3(repeating: n) }
    // Each with what brings its output back to the input's size.
    let layers: [(name: String, channels: Int, build: (Node) throws -> Node)] = [
        ("5×5×5 16→16", 16, { try $0.conv3d(filters: 16, kernel: cube(5)) }),
        ("1×1×1 32→16", 32, { try $0.conv3d(filters: 16, kernel: one) }),
        ("stride 2 16→32", 16, { try $0.conv3d(filters: 32, stride: two).upconv3d(filters: 1, kernel: one, stride: two) }),
        ("dilation 4 16→16", 16, { try $0.conv3d(filters: 16, dilation: cube(4)) }),
        ("dilation 4 5→5", 5, { try $0.conv3d(filters: 5, dilation: cube(4)) }),
        ("dilation 4 21→21", 21, { try $0.conv3d(filters: 21, dilation: cube(4)) }),
        (
            "transposed 2 by 2 32→16", 32,
            {
                try $0.upconv3d(filters: 16, kernel: two, stride: two).conv3d(filters: 1, kernel: one, stride: two)
            }
        ),
        ("depthwise 16", 16, { try $0.conv3d(filters: 16, groups: 16) }),
        ("depthwise 5×5×5 16", 16, { try $0.conv3d(filters: 16, kernel: cube(5), groups: 16) }),
        (
            "depthwise stride 2 16", 16,
            { try $0.conv3d(filters: 16, stride: two, groups: 16).upconv3d(filters: 1, kernel: one, stride: two) }
        ),
        ("groups 4 16→16", 16, { try $0.conv3d(filters: 16, groups: 4) }),
        ("groups 2 32→32", 32, { try $0.conv3d(filters: 32, groups: 2) }),
    ]
    Parallel.threads = 2
    for (name, channels, build) in layers {
        let input = try Node.input(channels: channels)
        let model = try Model(input: input, output: build(input), seed: 1)
        let probe = try Probe(model, shape: shape, inputGradient: true)
        let whole = try probe.timings(repeats: 3)[0]
        let bare = try Probe(model, shape: shape, inputGradient: false).timings(repeats: 3)[0]
        func rate(_ seconds: Double) -> String { Text.fixed(probe.flops[0] / seconds / 1e9, 1) }
        print("\(name): forward \(rate(whole.forward)) data \(rate(whole.backward - bare.backward)) weights \(rate(bare.backward))")
    }  // What moves more than it computes: milliseconds for 16 channels, gradients of all inputs.
    let moves: [(name: String, operation: String, build: (Node) throws -> Node)] = [
        (
            "maxpool 3 by 2", "maxpool_strided",
            { try $0.maxpool(size: cube(3), stride: two).upconv3d(filters: 1, kernel: one, stride: two) }
        ),
        ("maxpool 3 by 1", "maxpool_strided", { try $0.maxpool(size: cube(3), stride: one) }),
        ("avgpool 2", "avgpool", { try $0.avgpool().upconv3d(filters: 1, kernel: one, stride: two) }),
        ("avgpool 3 by 1", "avgpool", { try $0.avgpool(size: cube(3), stride: one) }),
        ("globalpool", "globalpool", { try $0.multiply($0.globalpool()) }),
        ("multiply by a voxel", "multiply", { try $0.multiply($0.globalpool()) }),
        ("multiply by a channel", "multiply", { try $0.multiply($0.conv3d(filters: 1, kernel: one)) }),
        ("multiply", "multiply", { try $0.multiply($0.relu()) }),
        ("add", "add", { try Node.add([$0, $0.relu()]) }),
    ]
    for (name, operation, build) in moves {
        let input = try Node.input(channels: 16)
        let probe = try Probe(Model(input: input, output: build(input), seed: 1), shape: shape, inputGradient: true)
        guard let index = probe.operations.firstIndex(where: { $0.hasSuffix("." + operation) }) else { continue }
        let times = try probe.timings(repeats: 5)[index]
        print("\(name): forward \(Text.fixed(times.forward * 1000, 2)) ms backward \(Text.fixed(times.backward * 1000, 2)) ms")
    }
}
