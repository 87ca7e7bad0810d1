import CKernels
import Kernels
import Support

/// Windows that may overlap or leave gaps, with "same" padding in Keras' sense: the output is ceil(n / stride) along each axis, and where padding is odd
/// the extra plane is at the end. What lies beyond the border does not count: it is never the largest, and a mean is taken over the voxels inside, as in
/// Keras' `MaxPooling3D` and `AveragePooling3D` with padding "same". PyTorch's `max_pool3d` and `avg_pool3d(count_include_pad=False)` give the same with
/// padding (size − 1) / 2 where that is even on both sides, and with padding 0 and `ceil_mode` for size 3 and stride 2 on even sizes.
struct Windows: Sendable, Equatable {
    let size, stride: SIMD3<Int>

    /// Voxels before the first one within the first window.
    private func before(_ axis: Int, _ n: Int) -> Int { Geometry(kernel: size, stride: stride, dilation: .one).before(axis, fine: n) }

    func shape(_ input: SIMD3<Int>) -> SIMD3<Int> { (input &+ stride &- 1) / stride }

    /// Runs a kernel over all rows of outputs; one task a plane of one block.
    func forward(_ x: Tensor, _ y: Tensor, _ kernel: SKWindowFunction) throws {
        let shared = Unchecked((x, y))
        try Parallel.slabs(x.batch * x.blocks * y.shape.z) { task in
            let (x, y) = shared.value
            let z = task % y.shape.z, block = task / y.shape.z
            let planes = inside(2, z, x.shape.z)
            rows(x, y, block: block, z: z, planes: planes, written: 0..<planes.count, gradient: nil, into: nil, kernel)
        }
    }

    /// Adds what each output's gradient hands to its window, after setting `target` to zero unless it accumulates. One task writes a run of planes
    /// of one block and looks at all windows that reach into it.
    func backward(_ x: Tensor, _ y: Tensor, gradient: Tensor, target: Tensor, accumulate: Bool, _ kernel: SKWindowFunction) throws {
        let depth = max(8, 2 * size.z), slabs = (x.shape.z + depth - 1) / depth
        let shared = Unchecked((x, y, gradient, target))
        try Parallel.slabs(x.batch * x.blocks * slabs) { task in
            let (x, y, gradient, target) = shared.value
            let block = task / slabs, own = task % slabs * depth..<min(x.shape.z, (task % slabs + 1) * depth)
            let plane = x.shape.x * x.shape.y * x.width
            if !accumulate {
                (target.base + block * x.blockFloats + own.lowerBound * plane).update(repeating: 0, count: own.count * plane)
            }
            for z in 0..<y.shape.z {
                let planes = inside(2, z, x.shape.z)
                let from = max(planes.lowerBound, own.lowerBound), to = min(planes.upperBound, own.upperBound)
                if from >= to { continue }
                rows(
                    x, y, block: block, z: z, planes: planes, written: from - planes.lowerBound..<to - planes.lowerBound,
                    gradient: gradient,
                    into: target, kernel)
            }
        }
    }

    /// The part of window `index` along an axis of n voxels that lies inside; there is always one.
    private func inside(_ axis: Int, _ index: Int, _ n: Int) -> Range<Int> {
        let start = index * stride[axis] - before(axis, n)
        return max(0, start)..<min(n, start + size[axis])
    }

    /// All rows of outputs of plane z. `block` counts the blocks of all samples.
    private func rows(
        _ x: Tensor, _ y: Tensor, block: Int, z: Int, planes: Range<Int>, written: Range<Int>, gradient: Tensor?, into: Tensor?,
        _ kernel: SKWindowFunction
    ) {
        let width = x.width
        for row in 0..<y.shape.y {
            let lines = inside(1, row, x.shape.y)
            let from = block * x.blockFloats + (planes.lowerBound * x.shape.y + lines.lowerBound) * x.shape.x * width
            let to = block * y.blockFloats + (z * y.shape.y + row) * y.shape.x * width
            var call = SKWindowRow(
                in: x.base + from, row: Int64(x.shape.x * width), plane: Int64(x.shape.x * x.shape.y * width), length: Int64(x.shape.x),
                out: y.base + to, count: Int64(y.shape.x), start: Int64(-before(0, x.shape.x)), step: Int64(stride.x), wx: Int64(size.x),
                wy: Int64(lines.count), wz: Int64(planes.count), width: Int64(width),
                gradient: gradient.map { UnsafePointer($0.base) + to },
                gradientIn: into.map { $0.base + from }, firstPlane: Int64(written.lowerBound), lastPlane: Int64(written.upperBound))
            kernel(&call)
        }
    }
}

/// The largest value of each window. Among equal values the first in memory order receives the gradient.
struct StridedMaxPool: Layer {
    static let kind = "maxpool_strided"
    let windows: Windows

    init(size: SIMD3<Int>, stride: SIMD3<Int>) throws {
        windows = Windows(size: size, stride: stride)
        try check("size", size, 1...Limit.stride)
        try check("stride", stride, 1...Limit.stride)
    }
    init(attributes: Attributes) throws { try self.init(size: attributes.triple("size"), stride: attributes.triple("stride")) }
    var attributes: [(name: String, value: JSON)] { [("size", .triple(windows.size)), ("stride", .triple(windows.stride))] }

    func shape(_ inputs: [SIMD3<Int>]) throws -> SIMD3<Int> { windows.shape(inputs[0]) }
    var scale: (up: SIMD3<Int>, down: SIMD3<Int>) { (.one, windows.stride) }
    var reach: SIMD3<Int> { windows.size &- 1 }
    var keepsProbabilities: Bool { true }

    // MARK: Computation

    func needs(relu: Bool) -> (input: Bool, output: Bool) { (true, true) }

    func forward(_ call: LayerCall) throws { try windows.forward(call.inputs[0], call.output, Kernels.table.windowMax) }

    func backward(_ call: LayerCall) throws {
        guard let target = call.inputGradients[0] else { return }
        try windows.backward(
            call.inputs[0], call.output, gradient: call.outputGradient, target: target, accumulate: call.accumulate[0],
            Kernels.table.windowMaxGradient)
    }
}

/// The mean of each window over the voxels that lie inside.
struct AveragePool: Layer {
    static let kind = "avgpool"
    let windows: Windows

    init(size: SIMD3<Int>, stride: SIMD3<Int>) throws {
        windows = Windows(size: size, stride: stride)
        try check("size", size, 1...Limit.stride)
        try check("stride", stride, 1...Limit.stride)
    }
    init(attributes: Attributes) throws { try self.init(size: attributes.triple("size"), stride: attributes.triple("stride")) }
    var attributes: [(name: String, value: JSON)] { [("size", .triple(windows.size)), ("stride", .triple(windows.stride))] }

    func shape(_ inputs: [SIMD3<Int>]) throws -> SIMD3<Int> { windows.shape(inputs[0]) }
    var scale: (up: SIMD3<Int>, down: SIMD3<Int>) { (.one, windows.stride) }
    var reach: SIMD3<Int> { windows.size &- 1 }
    var keepsProbabilities: Bool { true }

    func flops(inputs: [Int], output: SIMD3<Int>) -> Double { Double(inputs[0]) * Double(windows.size.product) * Double(output.product) }

    // MARK: Computation

    func forward(_ call: LayerCall) throws { try windows.forward(call.inputs[0], call.output, Kernels.table.windowMean) }

    func backward(_ call: LayerCall) throws {
        guard let target = call.inputGradients[0] else { return }
        // The values are not read, so that tensors of the right shapes do.
        try windows.backward(
            target, call.outputGradient, gradient: call.outputGradient, target: target, accumulate: call.accumulate[0],
            Kernels.table.windowMeanGradient)
    }
}
