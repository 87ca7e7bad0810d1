import CKernels
import Kernels
import Support

/// How values between voxels are found when a tensor is made larger.
public enum Upsampling: String, Sendable, CaseIterable {
    /// Each voxel is repeated.
    case nearest
    /// Between the nearest voxels along each axis, by distance.
    case trilinear
}

/// Makes a tensor larger by a whole factor along each axis, as PyTorch's `Upsample` (`align_corners` false): voxels are boxes, the outer faces of the two
/// tensors coincide, and beyond the outermost centres the outermost value holds.
struct Upsample: Layer {
    static let kind = "upsample"
    let size: SIMD3<Int>
    let method: Upsampling

    init(size: SIMD3<Int>, method: Upsampling) throws {
        (self.size, self.method) = (size, method)
        try check("size", size, 1...Limit.stride)
    }

    init(attributes a: Attributes) throws {
        guard let method = Upsampling(rawValue: try a.string("method")) else {
            let words = Upsampling.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: " or ")
            throw NetworkError.argument(layer: Self.kind, name: "method", value: "\"\(try a.string("method"))\"", expected: words)
        }
        try self.init(size: a.triple("size"), method: method)
    }
    var attributes: [(name: String, value: JSON)] { [("size", .triple(size)), ("method", .string(method.rawValue))] }

    func shape(_ inputs: [SIMD3<Int>]) throws -> SIMD3<Int> {
        let shape = inputs[0] &* size
        if shape.max() > Limit.axis {
            throw NetworkError.mismatch(
                layer: kind, detail: "an output of \(Text.sizes(shape)) is too large; at most \(Limit.axis) along an axis")
        }
        return shape
    }
    var scale: (up: SIMD3<Int>, down: SIMD3<Int>) { (size, .one) }
    var reach: SIMD3<Int> { method == .nearest ? SIMD3(0, 0, 0) : SIMD3(size.x > 1 ? 1 : 0, size.y > 1 ? 1 : 0, size.z > 1 ? 1 : 0) }

    /// Means of neighbours lie between them.
    var keepsProbabilities: Bool { true }

    /// Two voxels along each axis that grows.
    func flops(inputs: [Int], output: SIMD3<Int>) -> Double {
        let taps = (reach &+ 1).product
        return taps == 1 ? 0 : 2 * Double(taps) * Double(inputs[0]) * Double(output.product)
    }

    // MARK: Computation

    private func taps(_ shape: SIMD3<Int>) -> (x: Taps, y: Taps, z: Taps) {
        func axis(_ n: Int, _ factor: Int) -> Taps { method == .nearest ? Taps(nearest: n, factor) : Taps(linear: n, factor) }
        return (axis(shape.x, size.x), axis(shape.y, size.y), axis(shape.z, size.z))
    }

    /// One task a plane of the output: lines of the input are summed over z, then over y, and drawn out along x.
    func forward(_ call: LayerCall) throws {
        let x = call.inputs[0], y = call.output, width = x.width, taps = taps(x.shape)
        let line = x.shape.x * width, plane = x.shape.y * line, outLine = y.shape.x * width
        // The last two lines that were summed over z, line k at k % 2, and one summed over y.
        let room = (line + 15) / 16 * 16
        let shared = Unchecked((x, y))
        try Parallel.slabs(x.batch * x.blocks * y.shape.z) { task in
            let (x, y) = shared.value
            let block = task / y.shape.z, z = task % y.shape.z
            let from = x.base + block * x.blockFloats + Int(taps.z.first[z]) * plane
            let to = y.base + block * y.blockFloats + z * y.shape.y * outLine
            Scratch.with(floats: 3 * room) { scratch in
                var done = -1
                for row in 0..<y.shape.y {
                    let first = Int(taps.y.first[row]), count = Int(taps.y.counts[row])
                    var source = UnsafePointer(from + first * line)
                    if taps.z.counts[z] > 1 || count > 1 {
                        for k in max(first, done + 1)..<first + count {
                            taps.z.blend(z, from + k * line, step: plane, into: scratch + k % 2 * room, floats: line)
                            done = k
                        }
                        source = UnsafePointer(scratch + first % 2 * room)
                        if count > 1 {
                            let step = first % 2 == 0 ? room : -room
                            taps.y.blend(row, scratch + first % 2 * room, step: step, into: scratch + 2 * room, floats: line)
                            source = UnsafePointer(scratch + 2 * room)
                        }
                    }
                    taps.x.resample(source, into: to + row * outLine, width: width)
                }
            }
        }
    }

    /// The adjoint: one task a plane of the input. Lines of the output's gradient are summed over z, drawn together along x, and added to the lines of the
    /// input that they came from.
    func backward(_ call: LayerCall) throws {
        guard let target = call.inputGradients[0] else { return }
        let gradient = call.outputGradient, width = target.width, taps = taps(target.shape), accumulate = call.accumulate[0]
        let across = taps.x.transposed, through = taps.z.transposed
        let line = target.shape.x * width, outLine = gradient.shape.x * width, outPlane = gradient.shape.y * outLine
        let shared = Unchecked((target, gradient))
        try Parallel.slabs(target.batch * target.blocks * target.shape.z) { task in
            let (target, gradient) = shared.value
            let block = task / target.shape.z, z = task % target.shape.z
            let from = gradient.base + block * gradient.blockFloats + Int(through.first[z]) * outPlane
            let to = target.base + block * target.blockFloats + z * target.shape.y * line
            let room = (outLine + 15) / 16 * 16
            Scratch.with(floats: 2 * room) { scratch in
                var touched = -1
                for row in 0..<gradient.shape.y {
                    through.blend(z, from + row * outLine, step: outPlane, into: scratch, floats: outLine)
                    across.resample(UnsafePointer(scratch), into: scratch + room, width: width)
                    for k in 0..<Int(taps.y.counts[row]) {
                        let y = Int(taps.y.first[row]) + k
                        taps.y.add(row, tap: k, scratch + room, to: to + y * line, floats: line, accumulate: accumulate || y <= touched)
                        touched = max(touched, y)
                    }
                }
            }
        }
    }
}

/// What each voxel of a line is made of: a run of neighbouring voxels of another line, each with a weight.
private struct Taps {
    private(set) var first: [Int32] = []
    private(set) var counts: [Int32] = []
    /// `most` a voxel.
    private var weights: [Float] = []
    private let most: Int
    /// Voxels of the line that is read.
    private let length: Int

    /// Each of n voxels `factor` times.
    init(nearest n: Int, _ factor: Int) {
        (most, length) = (1, n)
        for v in 0..<n * factor { append(v / factor, [1]) }
    }

    /// Voxel v of the output has its centre at (v + 1/2) / factor − 1/2 of the input, or at the nearest of the input's outermost centres.
    init(linear n: Int, _ factor: Int) {
        (most, length) = (2, n)
        for v in 0..<n * factor {
            // In whole numbers: the centre times 2 · factor.
            let place = min(max(0, 2 * v + 1 - factor), 2 * factor * (n - 1))
            let share = Double(place % (2 * factor)) / Double(2 * factor)
            append(place / (2 * factor), share == 0 ? [1] : [Float(1 - share), Float(share)])
        }
    }

    private init(most: Int, length: Int) { (self.most, self.length) = (most, length) }

    private mutating func append(_ from: Int, _ own: [Float]) {
        first.append(Int32(from))
        counts.append(Int32(own.count))
        weights += own + [Float](repeating: 0, count: most - own.count)
    }

    /// For each voxel that is read, where it goes: the same weights.
    var transposed: Taps {
        var places = [(first: Int, weights: [Float])](repeating: (0, []), count: length)
        for v in first.indices {
            for k in 0..<Int(counts[v]) {
                let from = Int(first[v]) + k
                if places[from].weights.isEmpty { places[from].first = v }
                places[from].weights.append(weights[v * most + k])
            }
        }
        var out = Taps(most: places.map(\.weights.count).max() ?? 1, length: first.count)
        for place in places { out.append(place.first, place.weights) }
        return out
    }

    /// The sum for voxel v where its neighbours are lines, the first at `source`, `step` floats apart.
    func blend(_ v: Int, _ source: UnsafeMutablePointer<Float>, step: Int, into out: UnsafeMutablePointer<Float>, floats: Int) {
        weights.withUnsafeBufferPointer { weights in
            guard let base = weights.baseAddress else { return }
            var call = SKBlend(
                in: source, step: Int64(step), weights: base + v * most, count: Int64(counts[v]), out: out, floats: Int64(floats),
                accumulate: 0)
            Kernels.layers.blend(&call)
        }
    }

    /// Adds `source` times a weight of voxel v to `out`, or writes it there.
    func add(
        _ v: Int, tap: Int, _ source: UnsafeMutablePointer<Float>, to out: UnsafeMutablePointer<Float>, floats: Int, accumulate: Bool
    ) {
        weights.withUnsafeBufferPointer { weights in
            guard let base = weights.baseAddress else { return }
            var call = SKBlend(
                in: source, step: 0, weights: base + v * most + tap, count: 1, out: out, floats: Int64(floats),
                accumulate: accumulate ? 1 : 0)
            Kernels.layers.blend(&call)
        }
    }

    /// A whole line.
    func resample(_ source: UnsafePointer<Float>, into out: UnsafeMutablePointer<Float>, width: Int) {
        weights.withUnsafeBufferPointer { weights in
            first.withUnsafeBufferPointer { first in
                counts.withUnsafeBufferPointer { counts in
                    guard let w = weights.baseAddress, let f = first.baseAddress, let c = counts.baseAddress else { return }
                    var call = SKResample(
                        in: source, out: out, first: f, counts: c, weights: w, most: Int64(most), voxels: Int64(first.count),
                        width: Int32(width))
                    Kernels.layers.resample(&call)
                }
            }
        }
    }
}
