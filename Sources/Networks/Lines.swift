import CKernels
import Kernels

/// Loads lines of a channel block into a buffer: zeros beyond the volume, the pointwise step applied within.
struct LineLoader {
    private let base: UnsafeMutablePointer<Float>
    private let shape: SIMD3<Int>
    let width: Int
    private let pointwise: Pointwise
    private let place: Int

    init(_ block: Reading.Block, sample: Int) {
        base = block.base(sample: sample)
        (shape, width, pointwise) = (block.tensor.shape, block.tensor.width, block.pointwise)
        place = block.pointwise.dropout.map { $0.place + sample * $0.sampleStep } ?? 0
    }

    /// Where `planes` lines above each other can be read in place: the first float and the part of `count` voxels that lies inside. nil where a plane
    /// lies outside.
    @inline(__always)
    func inPlace(x: Int, y: Int, z: Int, count: Int, planes: Int) -> (start: UnsafePointer<Float>, left: Int, right: Int)? {
        guard z >= 0, z + planes <= shape.z, y >= 0, y < shape.y else { return nil }
        let left = min(count, max(0, -x)), right = max(left, min(count, shape.x - x))
        if left == right { return nil }
        return (UnsafePointer(base) + ((z * shape.y + y) * shape.x + x + left) * width, left, right)
    }

    /// Runs a transform of lines that are read in place, as `direct` says, with the step that belongs to them.
    @inline(__always)
    func transform(_ direct: SKTransform, _ table: SKWinograd) {
        if pointwise.isIdentity {
            var direct = direct
            return table.input(&direct)
        }
        pointwise.scale.withUnsafeBufferPointer { scale in
            pointwise.shift.withUnsafeBufferPointer { shift in
                let mask = pointwise.dropout
                var call = SKReadTransform(
                    transform: direct, scale: scale.isEmpty ? nil : scale.baseAddress, shift: scale.isEmpty ? nil : shift.baseAddress,
                    relu: pointwise.relu ? 1 : 0, keep: mask?.scale ?? 0, key: mask?.key ?? 0, key2: mask?.key2 ?? 0,
                    threshold: mask?.threshold ?? 0, index: Int64(place + (direct.in - UnsafePointer(base))), indexStep: Int64(plane))
                table.read(&call)
            }
        }
    }

    /// Floats from one plane to the next.
    var plane: Int { shape.x * shape.y * width }

    /// `count` voxels from (x, y, z) on, any of which may lie outside. Up to 15 floats beyond them may be written.
    @inline(__always)
    func load(x: Int, y: Int, z: Int, count: Int, into out: UnsafeMutablePointer<Float>) {
        guard y >= 0, y < shape.y, z >= 0, z < shape.z else {
            out.update(repeating: 0, count: count * width)
            return
        }
        let left = min(count, max(0, -x)), right = max(left, min(count, shape.x - x))
        let first = ((z * shape.y + y) * shape.x + x + left) * width
        if left > 0 { out.update(repeating: 0, count: left * width) }
        if pointwise.isIdentity {
            (out + left * width).update(from: base + first, count: (right - left) * width)
        } else {
            pointwise.scale.withUnsafeBufferPointer { scale in
                pointwise.shift.withUnsafeBufferPointer { shift in
                    let mask = pointwise.dropout
                    var call = SKLine(
                        in: base + first, out: out + left * width, count: Int64((right - left) * width), width: Int32(width), bias: nil,
                        scale: scale.isEmpty ? nil : scale.baseAddress, shift: scale.isEmpty ? nil : shift.baseAddress,
                        relu: pointwise.relu ? 1 : 0, accumulate: 0, keep: mask?.scale ?? 0, key: mask?.key ?? 0, key2: mask?.key2 ?? 0,
                        threshold: mask?.threshold ?? 0, index: Int64(place + first), values: nil, centre: nil, sums: nil)
                    Kernels.table.loadLine(&call)
                }
            }
        }
        if right < count { (out + right * width).update(repeating: 0, count: (count - right) * width) }
    }
}

/// Stores lines of a channel block from a buffer, with everything that `Writing` asks for.
struct LineStorer {
    private let base: UnsafeMutablePointer<Float>
    private let shape: SIMD3<Int>
    private let width: Int
    private var call: SKLine
    private let place: Int
    private let gate: Gate?
    private let values: UnsafePointer<Float>?

    init(_ writing: Writing, block: Int, sample: Int, sums: UnsafeMutablePointer<Double>?) {
        let target = writing.blocks[block]
        base = target.base(sample: sample)
        let width = target.tensor.width
        (shape, self.width) = (target.tensor.shape, width)
        let mask = target.dropout
        let bias = writing.bias.map { $0 + block * width }
        place = mask.map { $0.place + sample * $0.sampleStep } ?? 0
        gate = target.gate
        values = target.gate.map { UnsafePointer($0.tensor.base + sample * $0.tensor.sampleFloats + target.index * $0.tensor.blockFloats) }
        call = SKLine(
            in: base, out: base, count: 0, width: Int32(width), bias: bias,
            scale: writing.scale.map { $0 + block * 16 }, shift: writing.shift.map { $0 + block * 16 }, relu: writing.relu ? 1 : 0,
            accumulate: target.accumulate ? 1 : 0, keep: mask?.scale ?? 0, key: mask?.key ?? 0, key2: mask?.key2 ?? 0,
            threshold: mask?.threshold ?? 0, index: 0, values: nil, centre: nil, sums: sums)
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
        let first = voxel * width
        call.in = line
        call.out = base + first
        call.count = Int64(count * width)
        call.index = Int64(place + first)
        guard let gate, let values else { return Kernels.table.storeLine(&call) }
        call.values = values + first
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
