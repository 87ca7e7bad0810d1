import CKernels
import Kernels
import Support

extension Volume {
    /// The median of the voxels within `radius` voxels along each axis; beyond the border the outermost voxel repeats (scipy's
    /// `median_filter` with mode "nearest", and SimpleITK's `Median`). Keeps edges that a Gaussian blurs. float32.
    ///
    /// Throws `IntensityError` for radii below 0, a window of more than 3375 voxels (radius 7), or NaN, `MemoryError`, `Interrupted`.
    public func median(radius: SIMD3<Int>) throws -> Volume {
        let most = MedianTile.greatestRadius
        for axis in 0..<3 where !(0...most).contains(radius[axis]) {
            throw IntensityError.argument(name: "radius", value: Double(radius[axis]), allowed: "0 … \(most) voxels")
        }
        let bad = try Voxels.total(voxels) { x, n in
            var bad: Int32 = 0
            for i in 0..<n { bad &+= x[i] == x[i] ? 0 : 1 }
            return Int(bad)
        }
        if bad > 0 { throw IntensityError.notFinite(count: bad, of: voxels.count, operation: "median") }
        try grid.requireMemory(bytesPerVoxel: 4)
        return with(try radius == .one ? medianOf27() : median(of: radius))
    }

    /// The nine rows around each row, as one block of padded lines, for a kernel that looks at one voxel to each side.
    private func medianOf27() throws -> [Float] {
        let nx = grid.shape.x, count = (nx + 15) / 16 * 16, stride = count + 32
        return try eachRow(scratch: 19 * stride) { values, out, scratch, j, k in
            for t in 0..<9 {
                let row = values + self.clampedRow(j + t % 3 - 1, k + t / 3 - 1)
                let line = scratch + t * stride
                line[0] = row[0]
                (line + 1).update(from: row, count: nx)
                (line + 1 + nx).update(repeating: row[nx - 1], count: stride - nx - 1)
            }
            var call = SKMedian(
                lines: scratch, sorted: scratch + 9 * stride, out: scratch + 18 * stride, count: Int64(count), stride: Int64(stride))
            Kernels.images.median27(&call)
            out.update(from: scratch + 18 * stride, count: nx)
        }
    }

    /// Any window, in boxes of voxels.
    private func median(of radius: SIMD3<Int>) throws -> [Float] {
        let shape = grid.shape, side = MedianTile.side
        let boxes = (shape &+ (side - 1)) / side
        return try [Float](unsafeUninitializedCapacity: grid.count) { out, count in
            Voxels.useLargePages(out.baseAddress!, grid.count)
            try voxels.withUnsafeBufferPointer { voxels in
                let p = Unchecked((voxels.baseAddress!, out.baseAddress!))
                try Parallel.slabs(boxes.y * boxes.z) { n in
                    let tile = MedianTile(radius: radius)
                    defer { tile.free() }
                    for i in 0..<boxes.x where !Interrupt.isRaised {
                        let from = SIMD3(i, n % boxes.y, n / boxes.y) &* side
                        tile.run(p.value.0, shape: shape, box: Box(from: from, to: pointwiseMin(from &+ side, shape)), to: p.value.1)
                    }
                }
            }
            count = grid.count
        }
    }

    /// `body(values, row, scratch, j, k)` sets each row of the result.
    private func eachRow(
        scratch: Int, _ body: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, Int, Int) -> Void
    ) throws -> [Float] {
        let shape = grid.shape
        return try [Float](unsafeUninitializedCapacity: grid.count) { out, count in
            Voxels.useLargePages(out.baseAddress!, grid.count)
            try voxels.withUnsafeBufferPointer { voxels in
                let p = Unchecked((voxels.baseAddress!, out.baseAddress!))
                try withoutActuallyEscaping(body) { body in
                    let body = Unchecked(body)
                    try Parallel.slabs(shape.z) { k in
                        let space = UnsafeMutablePointer<Float>.allocate(capacity: scratch)
                        defer { space.deallocate() }
                        space.initialize(repeating: 0, count: scratch)
                        for j in 0..<shape.y where !Interrupt.isRaised {
                            body.value(p.value.0, p.value.1 + (k * shape.y + j) * shape.x, space, j, k)
                        }
                    }
                }
            }
            count = grid.count
        }
    }

    /// Where row (j, k) begins, the outermost rows repeated.
    private func clampedRow(_ j: Int, _ k: Int) -> Int {
        let shape = grid.shape
        return (min(shape.z - 1, max(0, k)) * shape.y + min(shape.y - 1, max(0, j))) * shape.x
    }
}
