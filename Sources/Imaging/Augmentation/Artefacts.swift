import Glibc
import Support

/// Ghosts of a periodic motion or an unstable receiver: every `count`-th line of k-space along an axis is 1 + strength times as strong,
/// which adds `count` copies of the image, each n / count voxels further and strength / count as bright; the magnitude is taken.
struct Ghost {
    let axis: Int
    let count: Int
    let strength: Double

    func apply(to values: [Float], shape: SIMD3<Int>) throws -> [Float] {
        let n = shape[axis], share = Float(strength / Double(count))
        let shifts = (0..<count).map { Int((Double($0) * Double(n) / Double(count)).rounded()) % n }
        let (nx, ny) = (shape.x, shape.y)
        try Interrupt.check()
        return values.withUnsafeBufferPointer { values in
            [Float](unsafeUninitializedCapacity: values.count) { out, initialised in
                let p = Unchecked((values.baseAddress!, out.baseAddress!))
                Parallel.forEach(shape.z) { k in
                    let (values, out) = p.value
                    for j in 0..<ny {
                        let row = (k * ny + j) * nx
                        (out + row).initialize(from: values + row, count: nx)
                        for shift in shifts {
                            switch axis {
                            case 0:
                                Correlation.accumulate(out + row + shift, values + row, share, nx - shift)
                                Correlation.accumulate(out + row, values + row + nx - shift, share, shift)
                            case 1: Correlation.accumulate(out + row, values + (k * ny + (j + n - shift) % n) * nx, share, nx)
                            default: Correlation.accumulate(out + row, values + ((k + n - shift) % n * ny + j) * nx, share, nx)
                            }
                        }
                        for i in 0..<nx { out[row + i] = abs(out[row + i]) }
                    }
                }
                initialised = values.count
            }
        }
    }
}

/// A spike in k-space: a plane wave over the image; the magnitude is taken.
struct Spike {
    /// Turns a voxel along each axis.
    let wave: SIMD3<Double>
    /// In turns.
    let phase: Double
    let amplitude: Double

    func scaled(by factor: Double) -> Spike { Spike(wave: wave, phase: phase, amplitude: amplitude * factor) }

    func apply(to values: [Float], shape: SIMD3<Int>) throws -> [Float] {
        let (nx, ny) = (shape.x, shape.y)
        // cos(a + b) = cos a cos b − sin a sin b: one cosine a voxel of a row, once for all rows.
        let along = (0..<nx).map {
            (Float(cos(2 * .pi * wave.x * Double($0)) * amplitude), Float(sin(2 * .pi * wave.x * Double($0)) * amplitude))
        }
        try Interrupt.check()
        return values.withUnsafeBufferPointer { values in
            let source = Unchecked(values.baseAddress!)
            return [Float](unsafeUninitializedCapacity: values.count) { out, initialised in
                let target = Unchecked(out.baseAddress!)
                Parallel.forEach(shape.z) { k in
                    for j in 0..<ny {
                        let angle = 2 * .pi * (wave.y * Double(j) + wave.z * Double(k) + phase)
                        let c = Float(cos(angle)), s = Float(sin(angle)), row = (k * ny + j) * nx
                        for i in 0..<nx { target.value[row + i] = abs(source.value[row + i] + along[i].0 * c - along[i].1 * s) }
                    }
                }
                initialised = values.count
            }
        }
    }
}
