import CKernels
import Kernels
import Support

/// The largest value of each window; windows do not overlap, and voxels beyond the last whole window are dropped.
/// Among equal values the first in memory order receives the gradient.
struct MaxPool: Layer {
    static let kind = "maxpool"
    let size: SIMD3<Int>

    init(size: SIMD3<Int>) throws {
        self.size = size
        try check("size", size, 1...Limit.stride)
    }
    init(attributes: Attributes) throws { try self.init(size: attributes.triple("size")) }
    var attributes: [(name: String, value: JSON)] { [("size", .triple(size))] }

    func shape(_ inputs: [SIMD3<Int>]) throws -> SIMD3<Int> {
        let shape = inputs[0] / size
        if shape.min() < 1 {
            throw NetworkError.mismatch(layer: kind, detail: "windows of \(Text.sizes(size)) do not fit into \(Text.sizes(inputs[0]))")
        }
        return shape
    }
    var scale: (up: SIMD3<Int>, down: SIMD3<Int>) { (.one, size) }

    // MARK: Computation

    func needs(relu: Bool) -> (input: Bool, output: Bool) { (true, true) }

    func forward(_ call: LayerCall) throws { try rows(call, nil, accumulate: false) }

    func backward(_ call: LayerCall) throws {
        guard let target = call.inputGradients[0] else { return }
        try rows(call, target, accumulate: call.accumulate[0])
    }

    /// One task a plane of outputs of one block. With a target the gradients are handed back, else the largest values are found.
    private func rows(_ call: LayerCall, _ target: Tensor?, accumulate: Bool) throws {
        let x = call.inputs[0], y = call.output, width = x.width
        let gradient = target == nil ? nil : call.outputGradient
        let shared = Unchecked((x, y, gradient, target))
        try Parallel.slabs(x.batch * x.blocks * y.shape.z) { task in
            let (x, y, gradient, target) = shared.value
            let z = task % y.shape.z, block = task / y.shape.z
            for row in 0..<y.shape.y {
                let from = block * x.blockFloats + (z * size.z * x.shape.y + row * size.y) * x.shape.x * width
                let to = block * y.blockFloats + (z * y.shape.y + row) * y.shape.x * width
                var r = SKPoolRow(
                    in: x.base + from, row: Int64(x.shape.x * width), plane: Int64(x.shape.x * x.shape.y * width), out: y.base + to,
                    count: Int64(y.shape.x), wx: Int64(size.x), wy: Int64(size.y), wz: Int64(size.z), width: Int64(width),
                    gradient: gradient.map { UnsafePointer($0.base) + to }, gradientIn: target.map { $0.base + from },
                    accumulate: accumulate ? 1 : 0)
                if target == nil { Kernels.table.pool(&r) } else { Kernels.table.poolGradient(&r) }
            }
        }
    }
}
