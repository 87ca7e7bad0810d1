import CKernels
import Kernels
import Support

/// The gradient of the weights of a single input channel: F(2, 3) along y and z, direct along x. Transforms of the output's gradient are additions
/// alone, which the processor does beside the products, and 48 products remain of 108 for four outputs.
extension SingleWinograd {
    /// Sums of a block: [4 z][4 y][3 x][16].
    private static let sums = 4 * 4 * 3 * 16
    /// Rows of outputs of a unit of work, which loads two rows of inputs more.
    private static let rows = 32
    /// Voxels of a line whose gradients stay in the first-level cache while they are read twice, and floats of their transformed inputs.
    private static let piece = 80, pieceLine = 96

    /// Pairs of planes times groups of rows.
    private var units: (rows: Int, all: Int) {
        let rows = (shape.y + Self.rows - 1) / Self.rows
        return (rows, rows * ((shape.z + 1) / 2) * batch)
    }
    /// Tasks whose sums are added in their order, whatever the number of threads.
    private var parts: Int { min(32, units.all) }

    /// Whether it is faster than direct sweeps: 24 sums need the 32 registers of AVX-512.
    var sumsWeights: Bool { Kernels.instructionSet == .avx512 }

    /// Floats of working memory for `weightGradient`.
    var weightWorkspace: Int { parts * layout.outputBlocks * Self.sums }

    /// Sets `result`, laid out as the weights are. `gradient`, of the output, is read as it is. Throws `Interrupted`.
    func weightGradient(
        _ result: UnsafeMutablePointer<Float>, input: Reading, gradient: Reading, workspace: UnsafeMutablePointer<Float>
    ) throws {
        let units = units, parts = parts, each = layout.outputBlocks * Self.sums
        let shared = Unchecked((input, gradient, workspace))
        try Parallel.slabs(parts) { part in
            let (input, gradient, workspace) = shared.value
            let sums = workspace + part * each
            sums.update(repeating: 0, count: each)
            for unit in part * units.all / parts..<(part + 1) * units.all / parts {
                let pairs = (shape.z + 1) / 2, y = unit % units.rows * Self.rows, z = unit / units.rows % pairs * 2
                add(input, gradient, sample: unit / units.rows / pairs, rows: y..<min(shape.y, y + Self.rows), z: z, to: sums)
            }
        }
        for part in 1..<max(1, parts) { for i in 0..<each { workspace[i] += workspace[part * each + i] } }
        Scratch.with(floats: 4 * 144) { alongY in
            for block in 0..<layout.outputBlocks {
                var call = SKTransform(
                    in: workspace + block * Self.sums, inStep: 48, out: alongY, outStep: 48, lines: 4, inLine: 192, outLine: 144, run: 48)
                Kernels.table.winograd2.kernelGradient(&call)
                call = SKTransform(
                    in: alongY, inStep: 144, out: result + block * layout.pairStride, outStep: 144, lines: 1, inLine: 0, outLine: 0, run: 144)
                Kernels.table.winograd2.kernelGradient(&call)
            }
        }
    }

    /// Adds what some rows of two planes contribute.
    private func add(_ input: Reading, _ gradient: Reading, sample: Int, rows: Range<Int>, z: Int, to sums: UnsafeMutablePointer<Float>) {
        let pairs = (rows.count + 1) / 2, lines = 2 * pairs + 2
        // The transforms read whole vectors.
        let line = shape.x + 2 + 16, plane = lines * line
        let tile = 16 * Self.pieceLine, zeros = 16 * Self.piece
        let loader = LineLoader(input.blocks[0], sample: sample)
        Scratch.with(floats: 4 * plane + 2 * tile + zeros + 16) { memory in
            let alongZ = memory + 4 * plane, points = alongZ + tile, zero = points + tile
            memory.update(repeating: 0, count: 4 * plane)
            zero.update(repeating: 0, count: zeros)
            for p in 0..<4 {
                for row in 0..<lines {
                    loader.load(x: -1, y: rows.lowerBound + row - 1, z: z + p - 1, count: shape.x + 2, into: memory + p * plane + row * line)
                }
            }
            for pair in 0..<pairs {
                for x in stride(from: 0, to: shape.x, by: Self.piece) {
                    let count = min(Self.piece, shape.x - x), run = (count + 2 + 15) / 16 * 16
                    var call = SKTransform(
                        in: memory + 2 * pair * line + x, inStep: Int64(plane), out: alongZ, outStep: Int64(4 * Self.pieceLine), lines: 4, inLine: Int64(line),
                        outLine: Int64(Self.pieceLine), run: Int64(run))
                    Kernels.table.winograd2.input(&call)
                    call = SKTransform(
                        in: alongZ, inStep: Int64(Self.pieceLine), out: points, outStep: Int64(Self.pieceLine), lines: 4, inLine: Int64(4 * Self.pieceLine),
                        outLine: Int64(4 * Self.pieceLine), run: Int64(run))
                    Kernels.table.winograd2.input(&call)
                    for (index, block) in gradient.blocks.enumerated() {
                        let base = block.base(sample: sample)
                        func at(_ dz: Int, _ dy: Int) -> UnsafePointer<Float> {
                            let y = rows.lowerBound + 2 * pair + dy
                            guard y < shape.y, z + dz < shape.z else { return UnsafePointer(zero) }
                            return UnsafePointer(base + (((z + dz) * shape.y + y) * shape.x + x) * 16)
                        }
                        var call = SKSingleSums(
                            in: points, gradient00: at(0, 0), gradient01: at(0, 1), gradient10: at(1, 0), gradient11: at(1, 1), sum: sums + index * Self.sums,
                            count: Int64(count))
                        Kernels.table.singleSums(&call)
                    }
                }
            }
        }
    }
}
