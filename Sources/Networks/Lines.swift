import CKernels
import Kernels

/// Loads lines of a channel block into a buffer: zeros beyond the volume, the pointwise step applied within.
struct LineLoader {
    private let tensor: Tensor
    /// Place of the block's first value.
    private let first: Int
    private let shape: SIMD3<Int>
    let width: Int
    private let pointwise: Pointwise
    /// What dropout adds to a value's place within the block.
    private let dropoutPlace: Int
    private let isPlain: Bool

    init(_ block: Reading.Block, sample: Int) {
        tensor = block.tensor
        first = block.place(sample: sample)
        (shape, width, pointwise, isPlain) = (block.tensor.shape, block.tensor.width, block.pointwise, block.isPlain)
        dropoutPlace = block.pointwise.dropout.map { $0.place + sample * $0.sampleStep } ?? 0
    }

    /// Where `planes` lines above each other can be read in place: the place in the block and the part of `count` voxels that lies inside. nil where a plane
    /// lies outside.
    @inline(__always)
    func inPlace(x: Int, y: Int, z: Int, count: Int, planes: Int) -> (place: Int, left: Int, right: Int)? {
        guard z >= 0, z + planes <= shape.z, y >= 0, y < shape.y else { return nil }
        let left = min(count, max(0, -x)), right = max(left, min(count, shape.x - x))
        if left == right { return nil }
        return (((z * shape.y + y) * shape.x + x + left) * width, left, right)
    }

    /// Runs a transform of lines that are read in place, with the step that belongs to them. `call` says everything but where they are.
    @inline(__always)
    func transform(_ call: SKTransform, from place: Int, _ table: SKWinograd) {
        var call = call
        call.in = UnsafePointer(tensor.address(first + place))
        call.inStep = Int64(shape.x * shape.y * width)
        if isPlain { return table.input(&call) }
        pointwise.scale.withUnsafeBufferPointer { scale in
            pointwise.shift.withUnsafeBufferPointer { shift in
                let mask = pointwise.dropout
                var read = SKReadTransform(
                    transform: call, scale: scale.isEmpty ? nil : scale.baseAddress, shift: scale.isEmpty ? nil : shift.baseAddress,
                    relu: pointwise.relu ? 1 : 0, keep: mask?.scale ?? 0, key: mask?.key ?? 0, key2: mask?.key2 ?? 0,
                    threshold: mask?.threshold ?? 0, index: Int64(dropoutPlace + place), indexStep: call.inStep, half: tensor.half ? 1 : 0)
                table.read(&read)
            }
        }
    }

    /// As `transform`, of a gradient, which is never half and has no step pending.
    @inline(__always)
    func transformGradient(_ call: SKTransform, from place: Int, _ table: SKWinograd) {
        var call = call
        call.in = UnsafePointer(tensor.address(first + place))
        call.inStep = Int64(shape.x * shape.y * width)
        table.gradient(&call)
    }

    /// `count` voxels from (x, y, z) on, any of which may lie outside. Up to 15 floats beyond them may be written.
    @inline(__always)
    func load(x: Int, y: Int, z: Int, count: Int, into out: UnsafeMutablePointer<Float>) {
        guard y >= 0, y < shape.y, z >= 0, z < shape.z else {
            out.update(repeating: 0, count: count * width)
            return
        }
        let left = min(count, max(0, -x)), right = max(left, min(count, shape.x - x))
        let place = ((z * shape.y + y) * shape.x + x + left) * width
        if left > 0 { out.update(repeating: 0, count: left * width) }
        let source = tensor.address(first + place)
        if isPlain {
            (out + left * width).update(from: source, count: (right - left) * width)
        } else {
            pointwise.scale.withUnsafeBufferPointer { scale in
                pointwise.shift.withUnsafeBufferPointer { shift in
                    let mask = pointwise.dropout
                    var call = SKLine(
                        in: source, out: out + left * width, count: Int64((right - left) * width), width: Int32(width), bias: nil,
                        scale: scale.isEmpty ? nil : scale.baseAddress, shift: scale.isEmpty ? nil : shift.baseAddress,
                        relu: pointwise.relu ? 1 : 0, accumulate: 0, keep: mask?.scale ?? 0, key: mask?.key ?? 0, key2: mask?.key2 ?? 0,
                        threshold: mask?.threshold ?? 0, index: Int64(dropoutPlace + place), values: nil, centre: nil, sums: nil,
                        half: tensor.half ? 1 : 0)
                    Kernels.table.loadLine(&call)
                }
            }
        }
        if right < count { (out + right * width).update(repeating: 0, count: (count - right) * width) }
    }
}

/// Stores lines of a channel block from a buffer, with everything that `Writing` asks for.
struct LineStorer {
    private let tensor: Tensor
    /// Place of the block's first value.
    private let first: Int
    private let shape: SIMD3<Int>
    private let width: Int
    private var call: SKLine
    private let dropoutPlace: Int
    private let gate: Gate?
    /// Place of the block's first value among those of the gate.
    private let gateFirst: Int

    init(_ writing: Writing, block: Int, sample: Int, sums: UnsafeMutablePointer<Double>?) {
        let target = writing.blocks[block]
        tensor = target.tensor
        first = target.place(sample: sample)
        let width = target.tensor.width
        (shape, self.width) = (target.tensor.shape, width)
        let mask = target.dropout
        let bias = writing.bias.map { $0 + block * width }
        dropoutPlace = mask.map { $0.place + sample * $0.sampleStep } ?? 0
        gate = target.gate
        gateFirst = target.gate.map { sample * $0.tensor.sampleFloats + target.index * $0.tensor.blockFloats } ?? 0
        call = SKLine(
            in: tensor.base, out: tensor.base, count: 0, width: Int32(width), bias: bias,
            scale: writing.scale.map { $0 + block * 16 }, shift: writing.shift.map { $0 + block * 16 }, relu: writing.relu ? 1 : 0,
            accumulate: target.accumulate ? 1 : 0, keep: mask?.scale ?? 0, key: mask?.key ?? 0, key2: mask?.key2 ?? 0,
            threshold: mask?.threshold ?? 0, index: 0, values: nil, centre: nil, sums: sums, half: tensor.half ? 1 : 0)
    }

    /// `count` voxels that are `step` apart, all of which lie inside.
    @inline(__always)
    func store(_ line: UnsafePointer<Float>, x: Int, y: Int, z: Int, count: Int, step: Int = 1) {
        var call = call
        if step == 1 { return put(&call, line, (z * shape.y + y) * shape.x + x, count) }
        for v in 0..<count { put(&call, line + v * width, (z * shape.y + y) * shape.x + x + v * step, 1) }
    }

    @inline(__always)
    private func put(_ call: inout SKLine, _ line: UnsafePointer<Float>, _ voxel: Int, _ count: Int) {
        let place = voxel * width
        call.in = line
        call.out = tensor.address(first + place)
        call.count = Int64(count * width)
        call.index = Int64(dropoutPlace + place)
        guard let gate else { return Kernels.table.storeLine(&call) }
        call.values = UnsafePointer(gate.tensor.address(gateFirst + place))
        call.half = gate.tensor.half ? 1 : 0
        call.relu = gate.relu ? 1 : 0
        gate.scale.withUnsafeBufferPointer { scale in
            gate.shift.withUnsafeBufferPointer { shift in
                gate.centre.withUnsafeBufferPointer { centre in
                    call.scale = scale.isEmpty ? nil : scale.baseAddress
                    call.shift = scale.isEmpty ? nil : shift.baseAddress
                    call.centre = centre.isEmpty ? nil : centre.baseAddress
                    Kernels.table.storeGradient(&call)
                }
            }
        }
    }
}

/// Sums of each task and block, added up in their order when all tasks are done.
final class SumTable: @unchecked Sendable {
    private let tasks, blocks: Int
    private let memory: UnsafeMutablePointer<Double>

    init(tasks: Int, blocks: Int) {
        (self.tasks, self.blocks) = (tasks, blocks)
        memory = .allocate(capacity: tasks * blocks * 32)
        memory.initialize(repeating: 0, count: tasks * blocks * 32)
    }

    deinit { memory.deallocate() }

    func of(task: Int, block: Int) -> UnsafeMutablePointer<Double> { memory + (task * blocks + block) * 32 }

    /// Adds everything to `target`.
    func finish(into target: ChannelSums, channels: Int, width: Int) {
        if target.sum.isEmpty {
            target.sum = [Double](repeating: 0, count: channels)
            target.products = target.sum
        }
        for task in 0..<tasks {
            for block in 0..<blocks {
                let row = of(task: task, block: block)
                for lane in 0..<16 {
                    let channel = block * width + lane % width
                    if channel < channels {
                        target.sum[channel] += row[lane]
                        target.products[channel] += row[16 + lane]
                    }
                }
            }
        }
    }
}
