import Glibc
import Support

/// BET's surface and the rules by which it moves.
struct DeformingSurface {
    private let sphere = Sphere(divisions: 4)
    private var vertices: [SIMD3<Double>]
    private let start: (centre: SIMD3<Double>, radius: Double)
    private let intensities: HeadIntensities
    private let median: Double
    private let options: BET.Options
    /// The mean distance between neighbouring vertices, in mm.
    private var spacing = 0.0

    // The paper's constants, in mm: what bends with a radius above 10 is left alone and what bends below 3.33 is smoothed away; the least
    // intensity is sought as far as 20 inwards, the greatest half as far.
    private static let leastRadius = 3.33
    private static let mostRadius = 10.0
    private static let depthOfLeast = 20
    private static let depthOfGreatest = 10

    init(start: (centre: SIMD3<Double>, radius: Double), intensities: HeadIntensities, median: Double, options: BET.Options) {
        (self.start, self.intensities, self.median, self.options) = (start, intensities, median, options)
        vertices = sphere.vertices.map { start.centre + $0 * (start.radius / 2) }
        spacing = meanSpacing()
    }

    private func meanSpacing() -> Double {
        var sum = 0.0, count = 0
        for v in vertices.indices {
            for i in 0..<sphere.degree[v] { sum += (vertices[v] - vertices[Int(sphere.ring[6 * v + i])]).norm }
            count += sphere.degree[v]
        }
        return sum / Double(count)
    }

    /// Moves every vertex once. Dents are smoothed `stiffness` times as much as their curvature asks for.
    mutating func step(_ image: Sampler, stiffness: Double) {
        let before = Unchecked((self, image))
        vertices = [SIMD3<Double>](unsafeUninitializedCapacity: vertices.count) { out, initialised in
            let moved = Unchecked(out.baseAddress!)
            initialised = before.value.0.vertices.count
            Parallel.ranges(initialised, grain: 161) { range in
                for v in range { (moved.value + v).initialize(to: before.value.0.moved(v, before.value.1, stiffness)) }
            }
        }
        spacing = meanSpacing()
    }

    /// Where a vertex goes: towards the middle of its neighbours, more freely along the surface than across it, and out or in by what the
    /// image holds below it.
    private func moved(_ v: Int, _ image: Sampler, _ stiffness: Double) -> SIMD3<Double> {
        let here = vertices[v], degree = sphere.degree[v]
        var middle = SIMD3<Double>.zero, normal = SIMD3<Double>.zero
        var previous = vertices[Int(sphere.ring[6 * v + degree - 1])] - here
        for i in 0..<degree {
            let next = vertices[Int(sphere.ring[6 * v + i])] - here
            middle += next
            normal += previous.cross(next)
            previous = next
        }
        middle /= Double(degree)
        normal = normal.normalised
        let across = (middle * normal).sum()
        let along = middle - across * normal

        // 1 / r = 2·|s_n| / l², and a sigmoid between the two radii.
        let curvature = 2 * abs(across) / (spacing * spacing)
        let middleCurvature = (1 / Self.leastRadius + 1 / Self.mostRadius) / 2
        let steepness = 6 / (1 / Self.leastRadius - 1 / Self.mostRadius)
        var smoothing = (1 + tanh(steepness * (curvature - middleCurvature))) / 2
        if across > 0 { smoothing = min(1, smoothing * stiffness) }
        return here + 0.5 * along + (smoothing * across + 0.05 * spacing * push(here, normal, image)) * normal
    }

    /// The paper's f3: above 0 where the brain goes on below, under 0 outside of it.
    private func push(_ here: SIMD3<Double>, _ normal: SIMD3<Double>, _ image: Sampler) -> Double {
        let (least, greatest) = image.extremes(
            from: here, step: -normal, least: Self.depthOfLeast, greatest: Self.depthOfGreatest, outside: Float(intensities.low))
        let floor = intensities.low
        let bottom = max(floor, min(median, Double(least))), top = min(median, max(intensities.threshold, Double(greatest)))
        guard top > floor else { return 0 }
        // The threshold leans along the world's vertical axis.
        let height = (here.z - start.centre.z) / start.radius
        let fraction = min(0.9999, max(0.0001, options.threshold + options.gradient * height))
        let cut = (top - floor) * fraction + floor
        return 2 * (bottom - cut) / (top - floor)
    }

    /// The centre of mass of what the surface holds, in mm, and the radius of a ball of its volume.
    var ball: (centre: SIMD3<Double>, radius: Double) {
        var volume = 0.0, moment = SIMD3<Double>.zero
        let origin = start.centre
        for t in sphere.triangles {
            let a = vertices[Int(t.x)] - origin, b = vertices[Int(t.y)] - origin, c = vertices[Int(t.z)] - origin
            let part = (a * b.cross(c)).sum() / 6
            volume += part
            moment += part * (a + b + c) / 4
        }
        guard volume > 0 else { return (origin, 0) }
        return (origin + moment / volume, cbrt(volume * 3 / (4 * .pi)))
    }

    /// The voxels whose centres the surface holds, and the share of them that it holds more or less than once: above 0 where it passes
    /// through itself.
    func mask(on grid: Grid) throws -> (mask: Mask, tangled: Double) {
        let toVoxel = try grid.affine.inverse()
        let (voxels, tangled) = try SurfaceFill.voxels(vertices.map { toVoxel($0) }, sphere.triangles, shape: grid.shape)
        let mask = Mask(grid: grid, voxels: voxels)
        return (mask, Double(tangled) / Double(max(1, mask.count)))
    }
}
