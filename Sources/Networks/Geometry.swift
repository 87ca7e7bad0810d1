/// The geometry of a convolution, shared by every direction that it is run in, so that none can forget a parameter of another.
///
/// A convolution relates voxels of a fine grid (its input) to voxels of a coarse one (its output): `fine = coarse · stride + tap · dilation − before`.
/// Gathering (forward; backward-data of the transposed layer) goes over coarse voxels and reads fine ones; scattering (the other way)
/// goes over fine voxels, one residue class of the stride after another, and reads coarse ones.
struct Geometry: Sendable, Equatable {
    let kernel, stride, dilation: SIMD3<Int>

    /// Zeros before the first voxel along an axis, for Keras' "same". For shapes that the stride divides it does not depend on the shape.
    func before(_ axis: Int, fine n: Int) -> Int {
        let s = stride[axis]
        let extent = (kernel[axis] - 1) * dilation[axis] + 1
        return max(0, ((n + s - 1) / s - 1) * s + extent - n) / 2
    }

    /// One axis of a pass: which outputs, and which taps read which input relative to `output index · inStep`.
    struct Axis: Sendable, Equatable {
        var outStart, outStep, outCount, inStep: Int
        /// Ascending offsets, each with its tap of the kernel.
        var reads: [(offset: Int, tap: Int)]

        static func == (a: Axis, b: Axis) -> Bool {
            a.outStart == b.outStart && a.outStep == b.outStep && a.outCount == b.outCount && a.inStep == b.inStep
                && a.reads.elementsEqual(b.reads) { $0 == $1 }
        }
        var first: Int { reads.first?.offset ?? 0 }
        var span: Int { reads.isEmpty ? 0 : reads[reads.count - 1].offset - reads[0].offset + 1 }
        /// Whether the offsets are consecutive, so that taps and channels form one run in memory.
        var dense: Bool { span == reads.count }
    }

    /// One sweep over a regular set of outputs with one list of taps.
    struct Pass: Sendable {
        let x, y, z: Axis
        /// Number of taps, and place of the first one within the weights' tap order.
        let taps: Int
        let firstTap: Int
    }

    private func gather(_ axis: Int, fine: Int) -> Axis {
        let b = before(axis, fine: fine)
        return Axis(
            outStart: 0, outStep: 1, outCount: (fine + stride[axis] - 1) / stride[axis], inStep: stride[axis],
            reads: (0..<kernel[axis]).map { ($0 * dilation[axis] - b, $0) })
    }

    private func scatter(_ axis: Int, fine: Int, residue: Int) -> Axis {
        let s = stride[axis], b = before(axis, fine: fine)
        var reads: [(offset: Int, tap: Int)] = []
        for tap in (0..<kernel[axis]).reversed() {
            let distance = residue + b - tap * dilation[axis]
            // Division that rounds down: distance may be negative.
            let quotient = distance >= 0 ? distance / s : -((-distance + s - 1) / s)
            if quotient * s == distance { reads.append((quotient, tap)) }
        }
        return Axis(outStart: residue, outStep: s, outCount: max(0, (fine - residue + s - 1) / s), inStep: 1, reads: reads)
    }

    /// The sweep that computes coarse voxels from fine ones.
    func gatherPass(fine: SIMD3<Int>) -> Pass {
        Pass(x: gather(0, fine: fine.x), y: gather(1, fine: fine.y), z: gather(2, fine: fine.z), taps: kernel.product, firstTap: 0)
    }

    /// The sweeps, one for each residue class, that together compute all fine voxels from coarse ones.
    func scatterPasses(fine: SIMD3<Int>) -> [Pass] {
        var passes: [Pass] = []
        var place = 0
        for rz in 0..<stride.z {
            for ry in 0..<stride.y {
                for rx in 0..<stride.x {
                    let x = scatter(0, fine: fine.x, residue: rx)
                    let y = scatter(1, fine: fine.y, residue: ry)
                    let z = scatter(2, fine: fine.z, residue: rz)
                    let taps = x.reads.count * y.reads.count * z.reads.count
                    passes.append(Pass(x: x, y: y, z: z, taps: taps, firstTap: place))
                    place += taps
                }
            }
        }
        return passes
    }

    /// For each tap in the order in which gathering uses them, its index (z, y, x) in the kernel.
    var gatherOrder: [Int] { Array(0..<kernel.product) }

    /// The same for scattering. A fine shape that the stride divides is assumed, which is what a transposed layer has.
    var scatterOrder: [Int] { scatterOrder(fine: stride &* 64) }

    func scatterOrder(fine: SIMD3<Int>) -> [Int] {
        var order: [Int] = []
        for pass in scatterPasses(fine: fine) {
            for z in pass.z.reads {
                for y in pass.y.reads { for x in pass.x.reads { order.append((z.tap * kernel.y + y.tap) * kernel.x + x.tap) } }
            }
        }
        return order
    }
}

/// How the channels of one voxel lie in memory: blocks of 16, or for few channels one block of 1, 2, 4 or 8.
func blockWidth(_ channels: Int) -> Int {
    if channels > 8 { return 16 }
    var width = 1
    while width < channels { width *= 2 }
    return width
}

/// The place of each weight of a convolution in memory: [output block][input block][tap][input channel][output lane].
struct WeightLayout: Sendable, Equatable {
    let input, output: Int
    /// Kernel index (z, y, x) of each stored tap.
    let order: [Int]
    /// Whether PyTorch's axis order has the input channels first, as transposed convolutions do.
    let inputFirst: Bool
    let kernel: SIMD3<Int>

    /// Channels of an input block, and lanes of an output block.
    var width: Int { blockWidth(input) }
    var lanes: Int { max(8, blockWidth(output)) }
    var inputBlocks: Int { (input + width - 1) / width }
    var outputBlocks: Int { (output + lanes - 1) / lanes }
    /// Floats from one (output block, input block) pair to the next.
    var pairStride: Int { order.count * width * lanes }
    /// Number of (output block, input block) pairs, each of which has its own run of memory.
    var pairs: Int { outputBlocks * inputBlocks }
    var storedCount: Int { pairs * pairStride }

    func place(output o: Int, input i: Int, tap: Int) -> Int {
        ((((o / lanes) * inputBlocks + i / width) * order.count + tap) * width + i % width) * lanes + o % lanes
    }

    /// Floats in memory from one tap of a kernel to the next stored one.
    var tapStride: Int { width * lanes }

    /// Calls `body` for each kernel of one pair of blocks with the index in PyTorch's order of its first tap, from which its taps follow each other, and the
    /// place in memory of the one stored first; the others follow in `order`, `tapStride` apart.
    @inline(__always)
    func forEachKernel(pair: Int, _ body: (_ first: Int, _ place: Int) -> Void) {
        let volume = kernel.product
        let firstOutput = pair / inputBlocks * lanes, firstInput = pair % inputBlocks * width
        for o in firstOutput..<min(output, firstOutput + lanes) {
            for i in firstInput..<min(input, firstInput + width) {
                body((inputFirst ? i * output + o : o * input + i) * volume, place(output: o, input: i, tap: 0))
            }
        }
    }

    /// Calls `body(index in PyTorch's order, place in memory)` for each weight of one pair of blocks.
    @inline(__always)
    func forEach(pair: Int, _ body: (Int, Int) -> Void) {
        forEachKernel(pair: pair) { first, place in
            var place = place
            for tap in order {
                body(first + tap, place)
                place += tapStride
            }
        }
    }
}
