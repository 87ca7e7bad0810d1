import Support

/// Where a predicted surface lies relative to the true one, in mm: positive where the prediction reaches beyond the truth, negative where
/// it falls short.
public struct SignedSurfaceDistances: Sendable {
    /// Of each surface voxel of the prediction, the distance to the nearest surface voxel of the truth, in ascending order; empty where
    /// either mask is.
    let values: [Float]

    /// Surfaces are those of `SurfaceDistances`. Throws `GridError.mismatch`, `MemoryError`, `Interrupted`.
    public init(of prediction: Mask, from truth: Mask) throws {
        try prediction.grid.require(same: truth.grid)
        let grid = truth.grid
        let surface = try truth.boundary()
        let box = try Box(around: surface.voxels, shape: grid.shape)
        let own = try prediction.boundary()
        let asked = try Box(around: own.voxels, shape: grid.shape)
        guard !box.isEmpty, !asked.isEmpty else {
            values = []
            return
        }
        try grid.requireMemory(bytesPerVoxel: 4)
        let map = try EuclideanDistance.toSet(
            surface.voxels, shape: grid.shape, spacing: grid.spacing, box: box, asked: asked, squared: false)
        let distances = try Surface.gather(map, where: own.voxels)
        let inside = try Surface.gather(Voxels.floats(truth.voxels), where: own.voxels)
        values = zip(distances, inside).map { $1 != 0 ? -$0 : $0 }.sorted()
    }

    /// Surface voxels of the prediction.
    public var count: Int { values.count }
    /// NaN where there are none.
    public var mean: Double { values.isEmpty ? .nan : values.reduce(0) { $0 + Double($1) } / Double(values.count) }

    /// The distance below which so many percent of them lie, 0 to 100, between two values linearly; NaN where there are none.
    public func percentile(_ percent: Double) -> Double {
        guard let last = values.indices.last else { return .nan }
        let place = max(0, min(100, percent)) / 100 * Double(last)
        let i = min(Int(place), last), j = min(i + 1, last)
        return Double(values[i]) + (place - Double(i)) * (Double(values[j]) - Double(values[i]))
    }
}

/// What a mask loses on another grid, however good the network is that predicts it there.
public struct GridCeiling: Sendable, Equatable {
    /// The Dice of the truth with itself after it went to the grid as a mask, and back: what a network reaches that was trained on such
    /// masks and learnt them without error.
    public let hard: Double
    /// As above, but as shares of voxels from 0 to 1, as a network's probabilities may be: the linear interpolation loses this much by
    /// itself.
    public let soft: Double

    /// Throws `GridError.singular`, `MemoryError`, `Interrupted`.
    public init(of truth: Mask, on grid: Grid) throws {
        func back(_ volume: Volume) throws -> Double {
            try Overlap.dice(truth, volume.sharesResampled(onto: truth.grid).mask(atLeast: 0.5))
        }
        hard = try back(truth.resampled(onto: grid).volume)
        soft = try back(truth.volume.smoothed(sigma: truth.grid.antialiasing(onto: grid)).sharesResampled(onto: grid))
    }
}
