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
    var reach: SIMD3<Int> { size &- 1 }

    // MARK: Computation

    func needs(relu: Bool) -> (input: Bool, output: Bool) { (true, true) }
    var readsViews: Bool { true }

    func forward(_ call: LayerCall) throws { try rows(call, nil) }

    func backward(_ call: LayerCall) throws {
        guard let target = call.sourceGradient else { return }
        try rows(call, target)
    }

    /// One task a plane of outputs of one block. With a target the gradients are handed back, else the largest values are found. Lines with a step that
    /// is still to be applied go through a thread's own memory, others are read and written where they are.
    private func rows(_ call: LayerCall, _ target: Writing?) throws {
        let y = call.output, width = y.width, source = call.source
        let direct = source.blocks.allSatisfy(\.isPlain) && target?.needsLines != true
        let points = y.shape.x * size.x, line = points * width + 16, lines = size.y * size.z
        let tasks = y.batch * y.blocks * y.shape.z
        let sums = target?.sums.map { _ in SumTable(tasks: tasks, blocks: y.blocks) }
        let shared = Unchecked((source, y, target == nil ? nil : call.outputGradient, target, sums))
        try Parallel.slabs(tasks) { task in
            let (source, y, gradient, target, sums) = shared.value
            let z = task % y.shape.z, index = task / y.shape.z % y.blocks, sample = task / y.shape.z / y.blocks
            let block = source.blocks[index]
            let loader = LineLoader(block, sample: sample)
            let store = target.map { LineStorer($0, block: index, sample: sample, sums: sums?.of(task: task, block: index)) }
            Scratch.with(floats: direct ? 0 : 2 * lines * line) { memory in
                for row in 0..<y.shape.y {
                    let to = (sample * y.blocks + index) * y.blockFloats + (z * y.shape.y + row) * y.shape.x * width
                    let from = ((z * size.z) * source.shape.y + row * size.y) * source.shape.x * width
                    if !direct {
                        for i in 0..<lines {
                            loader.load(
                                x: 0, y: row * size.y + i % size.y, z: z * size.z + i / size.y, count: points, into: memory + i * line)
                        }
                    }
                    let rowStep = direct ? source.shape.x * width : line
                    var r = SKPoolRow(
                        in: direct ? block.base(sample: sample) + from : memory, row: Int64(rowStep),
                        plane: Int64(direct ? source.shape.y * rowStep : size.y * line), out: y.base + to, count: Int64(y.shape.x),
                        wx: Int64(size.x), wy: Int64(size.y), wz: Int64(size.z), width: Int64(width),
                        gradient: gradient.map { UnsafePointer($0.base) + to },
                        gradientIn: target.map { direct ? $0.blocks[index].base(sample: sample) + from : memory + lines * line },
                        accumulate: direct && target?.blocks[index].accumulate == true ? 1 : 0)
                    guard let store else {
                        Kernels.table.pool(&r)
                        continue
                    }
                    Kernels.table.poolGradient(&r)
                    if direct { continue }
                    for i in 0..<lines {
                        store.store(
                            memory + (lines + i) * line, x: 0, y: row * size.y + i % size.y, z: z * size.z + i / size.y, count: points)
                    }
                }
            }
        }
        if let sums, let all = target?.sums { sums.finish(into: all, channels: y.channels, width: width) }
    }
}
