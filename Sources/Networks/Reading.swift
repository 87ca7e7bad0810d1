import Support

/// Which elements of a tensor dropout keeps: those whose hashed place is at least `threshold`, times `scale`. The place counts
/// from the start of the tensor that the dropout layer sees, joined or not.
struct DropoutMask: Sendable, Equatable {
    var key: UInt32
    var key2: UInt32
    var threshold: UInt32
    /// 1 / (1 − rate)
    var scale: Float
    /// Place of a block's first element for sample 0, and floats from one sample to the next.
    var place: Int
    var sampleStep: Int
}

/// What is done to a value while it is read: x · scale + shift, max(0, …), then dropout; each part only where it is wanted.
struct Pointwise: Sendable, Equatable {
    /// 16 numbers, repeating with the block's width; empty for none.
    var scale: [Float] = []
    var shift: [Float] = []
    var relu = false
    var dropout: DropoutMask?

    var isIdentity: Bool { scale.isEmpty && !relu && dropout == nil }
}

/// The channel blocks that a convolution reads, of one tensor or of several that are joined along their channels without being copied.
struct Reading {
    struct Block {
        var tensor: Tensor
        /// Which block of the tensor.
        var index: Int
        var pointwise = Pointwise()

        /// Of a tensor that is not `half`.
        func base(sample: Int) -> UnsafeMutablePointer<Float> { tensor.base + place(sample: sample) }
        func place(sample: Int) -> Int { sample * tensor.sampleFloats + index * tensor.blockFloats }
        /// Whether the values are used as they are in memory.
        var isPlain: Bool { pointwise.isIdentity && !tensor.half }
    }

    /// All of one width and shape.
    var blocks: [Block]
    let batch, channels, width: Int
    let shape: SIMD3<Int>

    init(_ tensor: Tensor) {
        self.init(blocks: (0..<tensor.blocks).map { Block(tensor: tensor, index: $0) }, channels: tensor.channels)
    }

    /// Joined blocks; all but the last must be full. There is at least one.
    init(blocks: [Block], channels: Int) {
        self.blocks = blocks
        self.channels = channels
        (batch, width, shape) = (blocks[0].tensor.batch, blocks[0].tensor.width, blocks[0].tensor.shape)
    }
}

/// Sums of each channel over voxels and batch: of x and of x²; of gradients g of values x, of g and of g · (x − centre).
final class ChannelSums {
    var sum: [Double] = []
    var products: [Double] = []
}

/// The values whose gradient is written, which say where a ReLU lets it through: where values · scale + shift > 0.
struct Gate {
    var tensor: Tensor
    var relu: Bool
    /// 16 numbers each, repeating with the block's width; empty for 1, 0 and 0.
    var scale: [Float] = []
    var shift: [Float] = []
    /// What is subtracted from the values in the sums of products.
    var centre: [Float] = []
}

/// The channel blocks that a convolution writes, and what happens to a value before it is stored: + bias, · scale + shift, max(0, …), dropout.
struct Writing {
    struct Block {
        var tensor: Tensor
        var index: Int
        /// Adds to what the tensor holds.
        var accumulate = false
        /// For gradients of what a dropout read.
        var dropout: DropoutMask?
        /// For gradients of what a ReLU or a normalisation read.
        var gate: Gate?

        /// Of a tensor that is not `half`.
        func base(sample: Int) -> UnsafeMutablePointer<Float> { tensor.base + place(sample: sample) }
        func place(sample: Int) -> Int { sample * tensor.sampleFloats + index * tensor.blockFloats }
    }

    var blocks: [Block]
    /// One value a channel, padded to whole blocks.
    var bias: UnsafePointer<Float>?
    /// Patterns of 16 a block, or none.
    var scale: UnsafePointer<Float>?
    var shift: UnsafePointer<Float>?
    var relu = false
    /// The sums of what is stored are added to these; where it is added to something, the sums of what is added.
    var sums: ChannelSums?

    /// Whether values must pass through `LineStorer` on their way.
    var needsLines: Bool { sums != nil || blocks.contains { $0.dropout != nil || $0.gate != nil || $0.tensor.half } }

    let batch, channels, width: Int
    let shape: SIMD3<Int>

    init(_ tensor: Tensor, accumulate: Bool = false) {
        self.init(
            blocks: (0..<tensor.blocks).map { Block(tensor: tensor, index: $0, accumulate: accumulate) }, channels: tensor.channels)
    }

    /// All of one width and shape; all but the last full. There is at least one.
    init(blocks: [Block], channels: Int) {
        self.blocks = blocks
        self.channels = channels
        (batch, width, shape) = (blocks[0].tensor.batch, blocks[0].tensor.width, blocks[0].tensor.shape)
    }
}

extension Reading {
    /// Writes the values, with their steps applied, to blocks of the same sizes. Throws `Interrupted`.
    func copy(to target: Writing) throws {
        let tasks = batch * blocks.count * shape.z
        let sums = target.sums.map { _ in SumTable(tasks: tasks, blocks: blocks.count) }
        let shared = Unchecked((self, target, sums))
        try Parallel.slabs(tasks) { task in
            let (reading, target, sums) = shared.value
            let z = task % reading.shape.z, index = task / reading.shape.z % reading.blocks.count
            let sample = task / reading.shape.z / reading.blocks.count
            let loader = LineLoader(reading.blocks[index], sample: sample)
            let store = LineStorer(target, block: index, sample: sample, sums: sums?.of(task: task, block: index))
            Scratch.with(floats: reading.shape.x * reading.width + 16) { line in
                for y in 0..<reading.shape.y {
                    loader.load(x: 0, y: y, z: z, count: reading.shape.x, into: line)
                    store.store(line, x: 0, y: y, z: z, count: reading.shape.x)
                }
            }
        }
        if let sums, let all = target.sums { sums.finish(into: all, channels: target.channels, width: target.width) }
    }
}
