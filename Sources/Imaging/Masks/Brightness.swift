extension Volume {
    /// How much brighter the image is in a mask on its grid than in the air: the median within less the median along the twelve edges of the field of view, as a share of
    /// the range from the image's 1st to its 99th percentile.
    ///
    /// In MR images of heads a quarter and more, whatever the contrast; about 0 where there is nothing in the mask, negative in images of inverted brightness. Of values far apart,
    /// some ten thousand of each, those that are not finite left out; nil where there are none, or all are one.
    public func brightness(of mask: Mask) -> Double? {
        let inside = mask.count
        let all = Self.sorted(stride(from: 0, to: voxels.count, by: Self.step(voxels.count)).map { voxels[$0] })
        var within: [Float] = [], left = 0
        for (i, m) in mask.voxels.enumerated() where m != 0 {
            if left == 0 {
                within.append(voxels[i])
                left = Self.step(inside)
            }
            left -= 1
        }
        guard let brain = Self.median(within), let air = Self.median(edges), let last = all.indices.last else { return nil }
        let range = Double(all[last * 99 / 100]) - Double(all[last / 100])
        return range > 0 ? (Double(brain) - Double(air)) / range : nil
    }

    /// The values along the edges of the field of view.
    var edges: [Float] {
        let shape = grid.shape
        var values: [Float] = []
        for axis in 0..<3 {
            let (u, v) = ((axis + 1) % 3, (axis + 2) % 3)
            for n in 0..<shape[axis] {
                for (a, b) in [(0, 0), (shape[u] - 1, 0), (0, shape[v] - 1), (shape[u] - 1, shape[v] - 1)] {
                    var place = SIMD3<Int>.zero
                    (place[axis], place[u], place[v]) = (n, a, b)
                    values.append(voxels[grid.index(place.x, place.y, place.z)])
                }
            }
        }
        return values
    }

    /// From one of some 40,000 samples to the next. Odd, so that samples do not stand in line along rows of 2ⁿ voxels.
    static func step(_ count: Int) -> Int { count / 40_000 | 1 }

    static func sorted(_ values: [Float]) -> [Float] { values.filter(\.isFinite).sorted() }

    static func median(_ values: [Float]) -> Float? {
        let sorted = sorted(values)
        return sorted.isEmpty ? nil : sorted[sorted.count / 2]
    }
}
