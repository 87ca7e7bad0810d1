import Support

extension Model {
    /// Probabilities for an image of any shape: zeros are added at the far ends up to the next multiple, and cut off again.
    ///
    /// - Parameters:
    ///   - image: inputChannels × voxels values, channel after channel, x fastest.
    ///   - shape: (x, y, z).
    ///   - precision: how values between layers are stored.
    /// - Returns: outputChannels × voxels values.
    /// - Throws: `NetworkError.axisLength`, `.count`, `.notFinite`; `MemoryError`; `Interrupted`.
    public func predict(_ image: [Float], shape: SIMD3<Int>, precision: Precision = .float32) throws -> [Float] {
        guard shape.min() >= 1, shape.max() <= Limit.axis else { throw NetworkError.axisLength(shape, most: Limit.axis) }
        guard image.count == inputChannels * shape.product else {
            throw NetworkError.count(name: "the image", found: image.count, expected: inputChannels * shape.product)
        }
        guard Finite.all(image) else { throw NetworkError.notFinite(sample: "the image", what: "the data") }
        let padded = (shape &+ requiredMultiple &- 1) / requiredMultiple &* requiredMultiple
        let engine = try predictionEngine(padded, precision)
        let placed = padded == shape ? image : Box.place(image, shape, in: padded, channels: inputChannels)
        placed.withUnsafeBufferPointer { if let base = $0.baseAddress { engine.input.fill(sample: 0, from: base) } }
        try engine.forward()
        var out = [Float](repeating: 0, count: outputChannels * padded.product)
        out.withUnsafeMutableBufferPointer { if let base = $0.baseAddress { engine.output.read(sample: 0, into: base) } }
        return padded == shape ? out : Box.place(out, padded, in: shape, channels: outputChannels)
    }

    /// The engine of the last shape is kept, so that a series of equal shapes plans and allocates once.
    private func predictionEngine(_ shape: SIMD3<Int>, _ precision: Precision) throws -> Engine {
        if let kept = keptEngine, kept.plan.shape == shape, kept.plan.precision == precision { return kept }
        keptEngine = nil
        let engine = try Engine(self, plan: Plan(graph, shape: shape, batch: 1, training: false, precision: precision))
        keptEngine = engine
        return engine
    }

    /// Gives back the memory that the last prediction used.
    public func releaseMemory() { keptEngine = nil }
}

enum Box {
    /// Copies what two boxes have in common from their first corner; the rest is zero.
    static func place(_ source: [Float], _ from: SIMD3<Int>, in to: SIMD3<Int>, channels: Int) -> [Float] {
        cut(source, from, at: SIMD3(0, 0, 0), to, channels: channels)
    }

    /// The box of shape `to` from a corner on; zero where it reaches beyond the source.
    static func cut(_ source: [Float], _ from: SIMD3<Int>, at corner: SIMD3<Int>, _ to: SIMD3<Int>, channels: Int) -> [Float] {
        var out = [Float](repeating: 0, count: channels * to.product)
        let common = pointwiseMin(from &- corner, to)
        for c in 0..<channels {
            for z in 0..<common.z {
                for y in 0..<common.y {
                    let a = ((c * from.z + corner.z + z) * from.y + corner.y + y) * from.x + corner.x, b = ((c * to.z + z) * to.y + y) * to.x
                    for x in 0..<common.x { out[b + x] = source[a + x] }
                }
            }
        }
        return out
    }
}
