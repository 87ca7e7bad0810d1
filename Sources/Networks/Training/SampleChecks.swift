import Support

extension Sample {
    /// Throws `NetworkError` where shape, sizes or values do not fit the model. With several output channels the target may also be a map of classes, one whole
    /// number from 0 a voxel.
    func check(for model: Model) throws {
        guard shape.min() >= 1, shape.max() <= Limit.axis else { throw NetworkError.axisLength(shape, most: Limit.axis) }
        let voxels = shape.product, classes = model.outputChannels
        guard image.count == model.inputChannels * voxels else {
            throw NetworkError.count(name: "the image of \(name)", found: image.count, expected: model.inputChannels * voxels)
        }
        guard target.count == classes * voxels || target.count == voxels else {
            throw NetworkError.count(name: "the target of \(name)", found: target.count, expected: classes * voxels)
        }
        guard Finite.all(image) else { throw NetworkError.notFinite(sample: name, what: "the image") }
        guard Finite.all(target) else { throw NetworkError.notFinite(sample: name, what: "the target") }
        if target.count < classes * voxels, let odd = target.first(where: { !($0 >= 0 && $0 < Float(classes) && $0 == $0.rounded()) }) {
            throw NetworkError.mismatch(
                layer: "fit",
                detail:
                    "the target of \(name) has the class \(Text.short(Double(odd))), but the network tells \(classes) classes, 0 to \(classes - 1)"
            )
        }
    }

    /// The same in a training, which NaN and infinite values end.
    func check(for model: Model, epoch: Int, step: Int?) throws {
        do {
            try check(for: model)
        } catch NetworkError.notFinite(let sample, let what) {
            throw NetworkError.diverged(Divergence(what: .input(what), epoch: epoch, step: step, sample: sample))
        }
    }

    /// The target with a channel for each class.
    func channels(_ classes: Int) -> [Float] {
        let voxels = shape.product
        if target.count == classes * voxels { return target }
        var out = [Float](repeating: 0, count: classes * voxels)
        for v in 0..<voxels { out[Int(target[v]) * voxels + v] = 1 }
        return out
    }

    /// The first voxel of a piece of a sample, at a place that depends on seed and position alone: the sample's number among all that a training takes, from 0.
    package static func corner(of size: SIMD3<Int>, in shape: SIMD3<Int>, seed: UInt64, position: UInt64) -> SIMD3<Int> {
        let random = CounterRandom(seed: seed, stream: 0x9A7C4)
        var corner = SIMD3(0, 0, 0)
        for axis in 0..<3 {
            let room = max(0, shape[axis] - size[axis]) + 1
            corner[axis] = min(room - 1, Int(random.uniform(at: 3 * position + UInt64(axis)) * Double(room)))
        }
        return corner
    }

    /// A piece at its `corner`. What the sample lacks at its far ends is zero.
    func patch(of size: SIMD3<Int>, seed: UInt64, position: UInt64) -> Sample {
        let corner = Self.corner(of: size, in: shape, seed: seed, position: position)
        func cut(_ values: [Float]) -> [Float] {
            Box.cut(values, shape, at: corner, size, channels: values.count / shape.product)
        }
        return Sample(image: cut(image), target: cut(target), shape: size, name: name)
    }
}
