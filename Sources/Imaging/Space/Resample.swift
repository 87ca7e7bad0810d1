import Support

extension Volume {
    /// The image brought onto another grid by world coordinates.
    ///
    /// Values are taken between voxel centres. A position outside the box of the source's voxel centres (along an axis of one voxel,
    /// outside the voxel) is 0, as scipy.ndimage.affine_transform (mode "constant") and nilearn.image.resample_img have it; positions
    /// within 0.001 voxel of that box count as on it. Nearest takes the upper of two voxels equally near. Results are float32, except that
    /// nearest keeps the datatype. (Masks have a wider border: see `Mask.resampled(onto:)`.)
    /// NaN and infinite voxels spread to results that use them, and to no others; with cubic, whose coefficients depend on every
    /// voxel, they would spread to the whole image, and are an error.
    ///
    /// With `antialias` the image is first blurred as far as the target's voxels are larger than its own (`antialiasing(onto:)`), so that
    /// what is too fine for the target does not come back as a pattern.
    ///
    /// Nearest and label take the numbers of the file where float32 does not hold them (`StoredVoxels`).
    ///
    /// Throws `GridError.singular` for a source affine without inverse, `IntensityError.notFinite`, `StoredError`,
    /// `ResampleError.antialiasedLabels`, `MemoryError`, and `Interrupted`.
    public func resampled(onto target: Grid, interpolation: Interpolation = .linear, antialias: Bool = false) throws -> Volume {
        if antialias, interpolation.keepsValues { throw ResampleError.antialiasedLabels(interpolation) }
        let type = interpolation.keepsValues ? datatype : .float32
        let header = interpolation.keepsValues ? header : header?.forDerivedValues()
        if target == grid {
            return Volume(grid: target, voxels: voxels, datatype: type, header: header, stored: interpolation.keepsValues ? stored : nil)
        }
        if interpolation.keepsValues, let stored, let kept = try stored.resampled(from: grid, onto: target, interpolation) {
            return Volume(grid: target, voxels: try kept.values(), datatype: type, header: header, stored: kept)
        }
        let source = antialias ? try smoothed(sigma: grid.antialiasing(onto: target)) : self
        let out = try source.values(on: target, interpolation, margin: edgeTolerance)
        // The file's own numbers are left behind, and with them its type.
        return Volume(grid: target, voxels: out, datatype: stored == nil ? type : .float32, header: header)
    }

    /// A map of probabilities, or of shares of voxels, brought onto another grid linearly. As a mask, whose shares it may hold, it reaches
    /// to the outer faces of its voxels: positions up to half a voxel outside of the outermost voxel centres have those voxels' values.
    /// Beyond is 0.
    ///
    /// Throws `GridError.singular` for a source affine without inverse, `MemoryError`, and `Interrupted`.
    public func sharesResampled(onto target: Grid) throws -> Volume {
        if target == grid { return self }
        return Volume(
            grid: target, voxels: try values(on: target, .linear, margin: 0.5 + edgeTolerance), header: header?.forDerivedValues())
    }

    /// Values at the voxels of another grid; 0 where a position is more than `margin` voxels outside of the box of voxel centres,
    /// and the value on that box's face up to there.
    func values(on target: Grid, _ interpolation: Interpolation, margin wanted: Double) throws -> [Float] {
        // A single slice has no voxel centres to be between: it is as thick as its voxels.
        var margin = SIMD3(repeating: wanted)
        for axis in 0..<3 where grid.shape[axis] == 1 { margin[axis] = 0.5 + edgeTolerance }
        try target.requireMemory(bytesPerVoxel: 4)
        if interpolation == .cubic { try grid.requireMemory(bytesPerVoxel: 4) }
        let map = try grid.affine.inverse().after(target.affine)
        let source = interpolation == .cubic ? try coefficients() : voxels
        if let axes = Separable(map, from: grid.shape, to: target.shape, interpolation: interpolation, margin: margin) {
            return try axes.apply(to: source)
        }
        return try Oblique(map: map, from: grid.shape, to: target.shape, margin: margin).apply(to: source, interpolation)
    }

    /// The cubic B-spline's coefficients. A voxel that is not finite makes all of them so, hence the first is asked.
    private func coefficients() throws -> [Float] {
        let found = try Spline.coefficients(voxels, shape: grid.shape)
        if let first = found.first, !first.isFinite {
            let bad = try countNonFinite()
            if bad > 0 { throw IntensityError.notFinite(count: bad, of: voxels.count, operation: "resample") }
        }
        return found
    }
}

extension Grid {
    /// Standard deviations in mm, along each axis of this grid, of the Gaussian that makes its voxels as wide as another grid's.
    ///
    /// A voxel is taken for a Gaussian as wide at half its height as the voxel (Cardoso et al. 2015, doi:10.1007/978-3-319-24571-3_81).
    /// Variances add up: where the target's voxel is k voxels long along an axis, the variance is (k² − 1) / (8 ln 2) voxels², and 0 where
    /// k is below 1. Throws `GridError.singular` for this grid without inverse.
    public func antialiasing(onto target: Grid) throws(GridError) -> SIMD3<Double> {
        let map = try affine.inverse().after(target.affine)
        func sigma(_ row: SIMD4<Double>) -> Double {
            (max(0, row.x * row.x + row.y * row.y + row.z * row.z - 1)).squareRoot() / Volume.fwhmPerSigma
        }
        let voxels = SIMD3(sigma(map.rows.0), sigma(map.rows.1), sigma(map.rows.2))
        return voxels * spacing
    }
}

/// What cannot be asked of a resampling.
public enum ResampleError: ExplainedError, Equatable {
    case antialiasedLabels(Interpolation)

    /// What is wrong, with the numbers.
    public var message: String {
        switch self {
        case .antialiasedLabels(let how):
            "antialias with the interpolation \"\(how.rawValue)\": a blur makes values that are no labels"
        }
    }

    /// The message, beginning with the name that a user called.
    public func message(in operation: String) -> String { "\(operation): \(message)" }

    /// What to do about it.
    public var hint: String? { "leave antialias out, or resample the mask of one label: labels == 3" }
}

extension Mask {
    /// The mask brought onto another grid: linear interpolation of zeros and ones, in where it reaches one half.
    /// (Nearest would shift edges by up to half a voxel when grids differ in spacing.)
    ///
    /// A voxel of a mask is a box, not a point: positions up to half a voxel outside of the outermost voxel centres have those voxels'
    /// values, as in ITK's resampling, so that a mask that fills its field of view still does on another grid. Beyond is out.
    /// (Images end at the voxel centres: see `Volume.resampled(onto:)`.)
    ///
    /// With `antialias` the zeros and ones are first blurred, as a volume's values are; `label` is linear here.
    ///
    /// Throws `GridError.singular` for a source affine without inverse, `ResampleError.antialiasedLabels` for `nearest` with `antialias`, `MemoryError`,
    /// and `Interrupted`.
    public func resampled(onto target: Grid, interpolation: Interpolation = .linear, antialias: Bool = false) throws -> Mask {
        if target == grid { return Mask(grid: target, voxels: voxels, header: header) }
        if antialias, interpolation == .nearest { throw ResampleError.antialiasedLabels(interpolation) }
        try grid.requireMemory(bytesPerVoxel: 4)
        let zerosAndOnes = Volume(grid: grid, voxels: try Voxels.floats(voxels))
        let values = antialias ? try zerosAndOnes.smoothed(sigma: grid.antialiasing(onto: target)) : zerosAndOnes
        let how = interpolation == .label ? .linear : interpolation
        let moved = try values.values(on: target, how, margin: 0.5 + edgeTolerance)
        let inside: [UInt8] = try Voxels.map(moved) { x, out, n in
            for i in 0..<n { out[i] = x[i] >= 0.5 ? 1 : 0 }
        }
        return Mask(grid: target, voxels: inside, header: header)
    }
}
