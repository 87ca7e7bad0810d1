import Support

extension FileHeader.Transforms {
    /// The voxel-to-world transform that the header means: the sform where it has a code, else the qform where it has one, else
    /// voxel sizes about the centre with the first axis pointing left, as nibabel.
    func affine(shape: SIMD3<Int>, rank: Int, path: String) throws -> Affine {
        if sformCode != 0 { return sform }
        if qformCode != 0 {
            guard let affine = qform else {
                throw ImageError.field(
                    path: path, field: "quatern_b, c, d", value: "(\((0..<3).map { Text.short(quaternion[$0]) }.joined(separator: ", ")))",
                    allowed: "of length 1 or less")
            }
            return affine
        }
        var steps = sizes
        // Axes that are not there have a size of 1, whatever pixdim says.
        for axis in 0..<3 where axis >= rank { steps[axis] = 1 }
        steps.x = -steps.x
        return Affine(spacing: steps, origin: -(SIMD3<Double>(shape) - 1) / 2 * steps)
    }

    /// pixdim[1…3], with 0 taken for 1 and signs dropped.
    private var sizes: SIMD3<Double> {
        var sizes = SIMD3(abs(pixdim.x), abs(pixdim.y), abs(pixdim.z))
        for axis in 0..<3 where sizes[axis] == 0 { sizes[axis] = 1 }
        return sizes
    }

    /// The transform of quaternion, offset and voxel sizes; nil for a quaternion longer than 1. In double, as nibabel.
    var qform: Affine? {
        let (b, c, d) = (quaternion.x, quaternion.y, quaternion.z)
        let rest = 1 - (b * b + c * c + d * d)
        let threshold = 3.5762787e-07
        guard rest.isFinite, rest >= 0 || -rest < threshold else { return nil }
        var a = abs(rest) < threshold ? 0 : rest.squareRoot()
        // A w of 0 leaves the three others short of or beyond length 1 by rounding.
        let n = a * a + b * b + c * c + d * d
        if n < 1e-16 { a = 1 }
        let s = n < 1e-16 ? 2 : 2 / n
        let size = sizes
        let z = size.z * (qfac == -1 ? -1 : 1)
        return Affine(
            [(1 - s * (c * c + d * d)) * size.x, s * (b * c - a * d) * size.y, s * (b * d + a * c) * z, offset.x],
            [s * (b * c + a * d) * size.x, (1 - s * (b * b + d * d)) * size.y, s * (c * d - a * b) * z, offset.y],
            [s * (b * d - a * c) * size.x, s * (c * d + a * b) * size.y, (1 - s * (b * b + c * c)) * z, offset.z])
    }

    /// Transforms for another grid with the codes of these: the sform holds the affine, and the qform too where a
    /// rotation can hold it (no shear), its code 0 otherwise. Without any code before, the sform gets 2 (aligned).
    func moved(to affine: Affine) -> Self {
        var new = self
        new.sform = affine
        new.pixdim = affine.spacing
        new.sformCode = sformCode != 0 ? sformCode : qformCode != 0 ? qformCode : 2
        if let rotation = Rotation(affine) {
            new.qformCode = qformCode
            new.qfac = rotation.qfac
            new.quaternion = rotation.quaternion
            new.offset = affine.translation
        } else {
            new.qformCode = 0
            new.qfac = 1
            new.quaternion = .zero
            new.offset = affine.translation
        }
        return new
    }
}

/// The rotation of an affine whose axes are at right angles, as a quaternion with a positive first part left out.
private struct Rotation {
    var quaternion: SIMD3<Double>
    var qfac: Double

    /// Nil for a sheared or singular affine.
    init?(_ affine: Affine) {
        let size = affine.spacing
        guard size.min() > 0 else { return nil }
        var (x, y, z) = affine.columns
        x /= size.x
        y /= size.y
        z /= size.z
        guard max(abs((x * y).sum()), abs((y * z).sum()), abs((x * z).sum())) < 1e-4 else { return nil }
        qfac = affine.determinant < 0 ? -1 : 1
        z *= qfac
        // The largest of the four parts is found first, so that nothing is divided by a small number (Shepperd 1978).
        let trace = x.x + y.y + z.z
        var q: SIMD4<Double>  // (w, x, y, z)
        if trace > 0 {
            let s = (trace + 1).squareRoot() * 2
            q = [s / 4, (y.z - z.y) / s, (z.x - x.z) / s, (x.y - y.x) / s]
        } else if x.x >= y.y, x.x >= z.z {
            let s = (1 + x.x - y.y - z.z).squareRoot() * 2
            q = [(y.z - z.y) / s, s / 4, (x.y + y.x) / s, (x.z + z.x) / s]
        } else if y.y >= z.z {
            let s = (1 + y.y - x.x - z.z).squareRoot() * 2
            q = [(z.x - x.z) / s, (x.y + y.x) / s, s / 4, (y.z + z.y) / s]
        } else {
            let s = (1 + z.z - x.x - y.y).squareRoot() * 2
            q = [(x.y - y.x) / s, (x.z + z.x) / s, (y.z + z.y) / s, s / 4]
        }
        q /= (q * q).sum().squareRoot()
        if q.x < 0 { q = -q }
        quaternion = SIMD3(q.y, q.z, q.w)
    }
}
