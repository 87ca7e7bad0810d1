/// Activations of a batch in planned memory, laid out [sample][channel block][z][y][x][lane]; see `blockWidth`. Lanes beyond the channels are zero.
/// Memory can be read and written up to the next multiple of 16 floats after the end.
struct Tensor {
    let base: UnsafeMutablePointer<Float>
    let batch: Int
    let channels: Int
    let shape: SIMD3<Int>
    /// Values are bfloat16: half of the memory, from `base` on. Only what goes through `LineLoader` and `LineStorer` can read and write such a tensor.
    var half = false

    /// The address of a value.
    func address(_ place: Int) -> UnsafeMutablePointer<Float> {
        half ? UnsafeMutableRawPointer(UnsafeMutableRawPointer(base) + 2 * place).assumingMemoryBound(to: Float.self) : base + place
    }

    var width: Int { blockWidth(channels) }
    var blocks: Int { (channels + width - 1) / width }
    var voxels: Int { shape.product }
    var blockFloats: Int { voxels * width }
    var sampleFloats: Int { blocks * blockFloats }
    var count: Int { batch * sampleFloats }

    /// Whether whole voxels are better written past the caches: none would keep so much until it is read again, and lines of a cache need not be read before they
    /// are overwritten.
    var streams: Bool { width == 16 && !half && 4 * count >= 1 << 26 && UInt(bitPattern: base) % 64 == 0 }

    /// A tensor for asking about sizes only.
    static func outline(batch: Int, channels: Int, shape: SIMD3<Int>) -> Tensor {
        Tensor(base: Self.nowhere, batch: batch, channels: channels, shape: shape)
    }
    nonisolated(unsafe) private static let nowhere = UnsafeMutablePointer<Float>.allocate(capacity: 16)

    static func floats(batch: Int, channels: Int, shape: SIMD3<Int>) -> Int {
        let width = blockWidth(channels)
        return (batch * ((channels + width - 1) / width) * width * shape.product + 15) / 16 * 16
    }

    /// A stretch of memory within one sample and channel block (or all samples, where there is one block and `bySample` is false).
    struct Chunk {
        let offset, count, block, sample: Int
    }

    /// Splits the tensor for elementwise work. Chunks start at multiples of 16 floats from the start of their sample and block,
    /// so that a pattern of 16 channel parameters fits each.
    func chunks(bySample: Bool = false, grain: Int = 1 << 15) -> [Chunk] {
        var chunks: [Chunk] = []
        func split(_ start: Int, _ length: Int, _ block: Int, _ sample: Int) {
            var at = 0
            while at < length {
                let n = min(grain, length - at)
                chunks.append(Chunk(offset: start + at, count: n, block: block, sample: sample))
                at += n
            }
        }
        if blocks == 1 && !bySample {
            split(0, count, 0, 0)
        } else {
            for sample in 0..<batch {
                for block in 0..<blocks { split(sample * sampleFloats + block * blockFloats, blockFloats, block, sample) }
            }
        }
        return chunks
    }

    /// One value a channel as patterns of 16 for each block; padding lanes get zero.
    func pattern(_ value: (Int) -> Float) -> [Float] {
        var out = [Float](repeating: 0, count: blocks * 16)
        for block in 0..<blocks {
            for lane in 0..<16 {
                let channel = block * width + lane % width
                if channel < channels { out[block * 16 + lane] = value(channel) }
            }
        }
        return out
    }

    /// Copies a sample in from channel after channel, x fastest.
    func fill(sample: Int, from source: UnsafePointer<Float>) {
        let out = base + sample * sampleFloats
        if width == 1 {
            out.update(from: source, count: voxels)
            return
        }
        out.update(repeating: 0, count: sampleFloats)
        for c in 0..<channels {
            let to = out + c / width * blockFloats + c % width, from = source + c * voxels
            for v in 0..<voxels { to[v * width] = from[v] }
        }
    }

    /// Copies a sample out to channel after channel, x fastest.
    func read(sample: Int, into out: UnsafeMutablePointer<Float>) {
        let source = base + sample * sampleFloats
        for c in 0..<channels {
            let from = source + c / width * blockFloats + c % width, to = out + c * voxels
            for v in 0..<voxels { to[v] = from[v * width] }
        }
    }
}
