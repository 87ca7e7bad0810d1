import Support

extension Grid {
    /// The grid that FreeSurfer's `mri_convert --conform` brings every head to: `size` voxels of `spacing` mm along each axis, counted to
    /// the left, downwards and to the front (LIA), with voxel size / 2 where the source has its own voxel shape / 2 (FreeSurfer's `c_ras`).
    /// Throws `GridError` for a size below 1 or beyond the largest image, `IntensityError.argument` for a spacing outside of `spacings`.
    public func conformed(size: Int = 256, spacing: Double = 1) throws -> Grid {
        guard Self.spacings.contains(spacing) else {
            throw IntensityError.argument(name: "spacing", value: spacing, allowed: "from 0.000001 to 1000000 mm")
        }
        let centre = affine(SIMD3<Double>(shape) / 2), half = spacing * Double(size) / 2
        let axes = Affine(
            [-spacing, 0, 0, centre.x + half], [0, 0, spacing, centre.y - half], [0, -spacing, 0, centre.z + half])
        return try Grid(shape: SIMD3(repeating: size), affine: axes)
    }
}

extension Volume {
    /// The head as FreeSurfer's pipelines take it: on `Grid.conformed`, and, with `rescaled`, as whole numbers from 0 to 255 (uint8).
    ///
    /// Values are scaled before they are interpolated, as `mri_convert` does: see `rescaledToBytes`. A volume that has uint8 values already
    /// keeps them. Beyond the source's voxel centres values are 0.
    ///
    /// Throws what `Grid.conformed`, `rescaledToBytes` and `resampled(onto:)` throw.
    public func conformed(
        size: Int = 256, spacing: Double = 1, interpolation: Interpolation = .linear, rescaled: Bool = true
    ) throws -> Volume {
        let target = try grid.conformed(size: size, spacing: spacing)
        // A grid that is the conformed one but for float32's rounding in a file stays as it is.
        let isThere = grid.distance(to: target) <= Grid.tolerance
        let source = rescaled ? try rescaledToBytes() : self
        if isThere { return source }
        let moved = try source.resampled(onto: target, interpolation: interpolation)
        guard rescaled else { return moved }
        return Volume(grid: target, voxels: try Volume.bytes(moved.voxels, scale: 1, low: 0), datatype: .uint8, header: moved.header)
    }

    /// Values as whole numbers from 0 to 255 (uint8), as FreeSurfer's `MRIchangeType` scales them: the lowest value becomes 0, and of a
    /// histogram of 1000 bins the bin above which lies a thousandth of the voxels that are not 0 gives the value that becomes 255. A volume
    /// of datatype uint8 is given back. Throws `IntensityError.notFinite` when values are NaN or infinite, `MemoryError`, `Interrupted`.
    public func rescaledToBytes() throws -> Volume {
        if datatype == .uint8 { return self }
        try grid.requireMemory(bytesPerVoxel: 4)
        let range = try statistics(), bins = 1000
        let low = Double(range.min), width = (Double(range.max) - low) / Double(bins)
        guard width > 0 else { return Volume(grid: grid, voxels: try Voxels.repeating(0, voxels.count), datatype: .uint8, header: header) }
        let counts = try voxels.withUnsafeBufferPointer { values in
            let source = Unchecked(values)
            return try Parallel.mapSlabs(values.count, grain: 1 << 20) { range in
                var counts = [Int](repeating: 0, count: bins)
                for i in range { counts[min(bins - 1, Int((Double(source.value[i]) - low) / width))] += 1 }
                return counts
            }
        }
        let histogram = counts.dropFirst().reduce(counts[0]) { sum, piece in zip(sum, piece).map(+) }
        let present = try Voxels.total(voxels) { x, n in
            var count = 0
            for i in 0..<n { count &+= x[i] != 0 ? 1 : 0 }
            return count
        }
        let enough = voxels.count - Int(0.001 * Double(present))
        var below = 0, bin = 0
        while bin < bins, below + histogram[bin] < enough {
            below += histogram[bin]
            bin += 1
        }
        // A bin is counted from the one before it there, and a range is never empty.
        let high = low + width * Double(max(1, bin - 1))
        return Volume(
            grid: grid, voxels: try Volume.bytes(voxels, scale: Float(255 / (high - low)), low: range.min), datatype: .uint8,
            header: header?.forDerivedValues())
    }

    /// Rounded, and held to 0 … 255.
    private static func bytes(_ values: [Float], scale: Float, low: Float) throws -> [Float] {
        try Voxels.map(values) { x, out, n in
            for i in 0..<n { out[i] = min(255, max(0, ((x[i] - low) * scale).rounded(.toNearestOrEven))) }
        }
    }
}
