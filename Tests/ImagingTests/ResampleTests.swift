import Imaging
import Testing

@Suite struct ResampleTests {
    let stored: Operations
    init() throws { stored = try Operations.stored.get() }

    /// nilearn.image.resample_img over axis-aligned, permuted, flipped and oblique pairs of grids.
    @Test func equalsNilearn() throws {
        for case let r in stored.resample {
            let source = try stored.volume(r.from)
            let target = try Grid(shape: triple(r.shape), affine: Affine(flat: r.affine))
            let how = try #require(Interpolation(rawValue: r.how))
            let ours = try source.resampled(onto: target, interpolation: how)
            #expect(largestDifference(ours.voxels, r.values) <= 2e-3, "\(r.from) onto \(r.to), \(r.how)")
            #expect(ours.grid == target)
        }
    }

    /// Axis-aligned grids take a path of their own; a tilt too small to matter forces the general one.
    @Test(arguments: Interpolation.allCases) func bothPathsAgree(_ how: Interpolation) throws {
        let source = try noise([21, 17, 19], affine: Affine(flat: [0, 0, 1.1, 3, -0.9, 0, 0, 40, 0, 1.3, 0, -7]))
        let turns: [[Double]] = [
            [0.71, 0, 0, 5.03, 0, 1.93, 0, 25.017, 0, 0, 0.83, -4.0131], [0, 0, 0.71, 5.03, 0, 1.93, 0, 25.017, -0.83, 0, 0, 15.0131],
            [0, 0.71, 0, 5.03, 1.93, 0, 0, 25.017, 0, 0, -0.83, 13.0131],
        ]
        for turn in turns {
            let target = try Grid(shape: [23, 11, 18], affine: Affine(flat: turn))
            var tilted = turn
            for i in [0, 1, 2, 4, 5, 6, 8, 9, 10] where tilted[i] == 0 { tilted[i] = 2e-5 }
            let straight = try source.resampled(onto: target, interpolation: how)
            let general = try source.resampled(onto: Grid(shape: [23, 11, 18], affine: Affine(flat: tilted)), interpolation: how)
            #expect(largestDifference(straight.voxels, general.voxels) < (how == .nearest ? 1e-9 : 4e-3))
            #expect(straight.voxels.contains { $0 != 0 } && straight.voxels.contains { $0 == 0 })
        }
    }

    @Test(arguments: Interpolation.allCases) func sameGridIsIdentity(_ how: Interpolation) throws {
        let v = try noise([6, 5, 4], affine: Affine(flat: [0, 1, 0.2, 0, 1, 0, 0, 0, 0, 0.1, 2, 5]))
        // A grid equal within the tolerance, but not the same, goes the whole way.
        var near = v.grid.affine
        near.rows.0.w += 1e-7
        let moved = try v.resampled(onto: Grid(shape: v.grid.shape, affine: near), interpolation: how)
        #expect(largestDifference(moved.voxels, v.voxels) < 2e-6)
        #expect(try v.resampled(onto: v.grid, interpolation: how).voxels == v.voxels)
    }

    @Test func linearReproducesALinearFunctionOfTheWorld() throws {
        let grid = try Grid(shape: [12, 13, 14], affine: Affine(flat: [1.1, 0.1, 0, 1, -0.1, 0.9, 0.2, 2, 0, -0.2, 1.4, 3]))
        func f(_ p: SIMD3<Double>) -> Float { Float(3 * p.x - 2 * p.y + 0.5 * p.z + 7) }
        var values: [Float] = []
        for k in 0..<14 { for j in 0..<13 { for i in 0..<12 { values.append(f(grid.affine([Double(i), Double(j), Double(k)]))) } } }
        let target = try Grid.centred(on: grid, shape: [5, 5, 5], spacing: [1, 1, 1])
        let out = try Volume(grid: grid, voxels: values).resampled(onto: target)
        for k in 0..<5 {
            for j in 0..<5 {
                for i in 0..<5 {
                    #expect(abs(out[i, j, k] - f(target.affine([Double(i), Double(j), Double(k)]))) < 1e-4)
                }
            }
        }
    }

    @Test func shapeMeansRightFrontUpWhateverTheOrientation() throws {
        let image = try noise([9, 8, 7], affine: Affine(flat: [0, -1, 0, 5, 0, 0, 1.5, -3, -2, 0, 0, 9]))
        let grid = try Grid.centred(on: image.grid, shape: [4, 6, 10], spacing: [2, 2, 2])
        #expect(grid.orientation == "RAS" && grid.spacing == [2, 2, 2] && grid.shape == [4, 6, 10])
        let apart = grid.centre - image.grid.centre
        #expect((apart * apart).sum() < 1e-18)
        // Without a spacing, the source's voxel sizes go with their axes: i of the source runs along z here.
        #expect(try Grid.centred(on: image.grid, shape: [4, 6, 10]).spacing == [1, 1.5, 2])
    }

    @Test func spacingAloneKeepsDirectionsAndFieldOfView() throws {
        let image = try Grid(shape: [181, 217, 91], affine: Affine(flat: [0, -1, 0, 5, 0, 0, 2, -3, -1, 0, 0, 9]))
        let grid = try Grid.centred(on: image, spacing: [2, 2, 2])
        #expect(grid.orientation == image.orientation && grid.shape == [91, 109, 91])
        let apart = grid.centre - image.centre
        #expect((apart * apart).sum() < 1e-18)
        #expect(try Grid.centred(on: image, spacing: image.spacing) == image)
        #expect(throws: IntensityError.self) { try Grid.centred(on: image, spacing: [2, 0, 2]) }
        #expect(throws: IntensityError.self) { try Grid.centred(on: image, spacing: [2, .nan, 2]) }
        // What no file can hold is refused with its own number, what is too many with the shape that was wanted.
        for bad in [1e-300, 9e-7, 1.1e6, 1e300] {
            #expect(throws: IntensityError.argument(name: "spacing", value: bad, allowed: "from 0.000001 to 1000000 mm")) {
                try Grid.centred(on: image, spacing: [1, bad, 1])
            }
            #expect(throws: IntensityError.self) { try Grid.centred(on: image, shape: [5, 5, 5], spacing: [bad, 1, 1]) }
        }
        #expect(try Grid.centred(on: image, shape: [2, 2, 2], spacing: [1e-6, 1, 1e6]).spacing == [1e-6, 1, 1e6])
        do {
            _ = try Grid.centred(on: image, spacing: [1e-6, 1, 1])
            Issue.record("made")
        } catch let error as GridError {
            #expect(error.message == "a grid of 181000000×217×182 voxels is beyond the largest, 2147483647 voxels")
        }
        #expect(throws: GridError.self) { try Grid.centred(on: image, shape: [0, 1, 1]) }
        #expect(throws: GridError.self) { try Grid.centred(on: image, shape: [.max, 2, 2], spacing: [1, 1, 1]) }
    }

    @Test func singleVoxelAxesAndSingularSources() throws {
        for how in Interpolation.allCases {
            let sheet = Volume(grid: try Grid(shape: [3, 1, 2], affine: .identity), voxels: [1, 2, 3, 4, 5, 6])
            let moved = try sheet.resampled(
                onto: Grid(shape: [3, 1, 2], affine: Affine(spacing: .one, origin: [1e-9, 0, 0])), interpolation: how)
            #expect(largestDifference(moved.voxels, sheet.voxels) < 1e-5)
            let flat = Volume(grid: try Grid(shape: [2, 2, 2], affine: Affine(spacing: [1, 0, 1])), voxels: .init(repeating: 1, count: 8))
            #expect(throws: GridError.self) { try flat.resampled(onto: sheet.grid, interpolation: how) }
        }
    }

    @Test func masksKeepHalfCoveredVoxels() throws {
        let mask = Mask(grid: try Grid(shape: [4, 1, 1], affine: .identity), voxels: [0, 1, 1, 0])
        let finer = try mask.resampled(onto: Grid(shape: [7, 1, 1], affine: Affine(spacing: [0.5, 1, 1])))
        #expect(finer.voxels == [0, 1, 1, 1, 1, 1, 0])
    }

    /// A NaN reaches the voxels that use it, on both paths and along every axis, and not those beside it whose weight for it is 0.
    @Test(arguments: 0..<3) func nanStaysWhereItIs(axis: Int) throws {
        let grid = try Grid(shape: [4, 4, 4], affine: .identity)
        let source = Volume(grid: grid, voxels: (0..<64).map { $0 == grid.index(2, 2, 2) ? .nan : 1 })
        var shape = SIMD3(4, 4, 4)
        shape[axis] = 2
        // Voxels 1 and 2 along the axis.
        let target = try Grid.centred(on: source.grid, shape: shape)
        func indices(_ v: Volume) -> [Int] { v.voxels.indices.filter { v.voxels[$0].isNaN } }
        var place = SIMD3(2, 2, 2)
        place[axis] = 1
        #expect(indices(try source.resampled(onto: target)) == [target.index(place.x, place.y, place.z)])
        // Rounding puts a position beside its voxel.
        var beside = target.affine
        beside.rows.0.w += 1e-9
        beside.rows.1.w -= 1e-9
        beside.rows.2.w += 1e-9
        #expect(indices(try source.resampled(onto: Grid(shape: shape, affine: beside))) == [target.index(place.x, place.y, place.z)])
        // A shear that meets whole voxels takes the general path.
        let sheared = try Grid(shape: [2, 4, 2], affine: Affine(flat: [1, 0, 0, 1, 1, 1, 0, -1, 0, 0, 1, 1]))
        // Target (i, j, k) is source (i + 1, i + j − 1, k + 1): the NaN is (1, 2, 1).
        #expect(indices(try source.resampled(onto: sheared)) == [sheared.index(1, 2, 1)])
        // Every spline coefficient depends on every voxel.
        for bad in [Float.nan, .infinity, -.infinity] {
            let image = source.with(source.voxels.map { $0.isNaN ? bad : $0 })
            #expect(throws: IntensityError.notFinite(count: 1, of: 64, operation: "resample")) {
                try image.resampled(onto: target, interpolation: .cubic)
            }
        }
    }

    /// A single slice is as thick as its voxels.
    @Test(arguments: [Interpolation.nearest, .linear, .cubic]) func slicesAreAsThickAsTheirVoxels(_ interpolation: Interpolation) throws {
        let slice = Volume(grid: try Grid(shape: [3, 3, 1], affine: Affine(spacing: [1, 1, 4])), voxels: .init(repeating: 7, count: 9))
        let finer = try slice.resampled(onto: Grid.centred(on: slice.grid, shape: [3, 3, 6], spacing: [1, 1, 1]), interpolation: interpolation)
        // A spline's weights are rounded.
        #expect(zip(0..<6, [0, 7, 7, 7, 7, 0] as [Float]).allSatisfy { abs(finer[1, 1, $0] - $1) < 1e-5 })
        // Turned a little about its row, it takes the general path.
        let turn = try Transform.rotation(degrees: [3, 0, 0], about: slice.grid.centre)
        let turned = try slice.resampled(onto: Grid(shape: [3, 3, 1], affine: turn.matrix.after(slice.grid.affine)), interpolation: interpolation)
        #expect(abs(turned[1, 1, 0] - 7) < 1e-4)
    }

    /// A voxel of a mask reaches to its outer face, so that a mask that fills its field of view does so on every grid within it.
    @Test func fullMasksStayFull() throws {
        let source = Mask(
            grid: try Grid(shape: [9, 7, 5], affine: Affine(spacing: [12, 12, 12])), voxels: .init(repeating: 1, count: 315))
        for spacing in [10.0, 0.5 * 12, 7.3] {
            let other = try source.resampled(onto: Grid.centred(on: source.grid, spacing: .init(repeating: spacing)))
            #expect(other.count == other.grid.count, "\(spacing) mm")
            #expect(try other.resampled(onto: source.grid).voxels == source.voxels, "\(spacing) mm and back")
        }
        // Along axes that are not parallel too: a corner 0.45 voxel outside is in, one 0.55 voxel outside is out.
        for (outside, count) in [(0.45, 2), (0.55, 1)] {
            let tilt = try Grid(shape: [2, 1, 1], affine: Affine(flat: [-12 * outside, 0.3, 0, 0, 0.6, 12, 0, 0, 0, 0, 12, 0]))
            #expect(try source.resampled(onto: tilt).count == count)
        }
        // An image ends at its voxels' centres.
        let image = Volume(grid: source.grid, voxels: .init(repeating: 1, count: 315))
        #expect(try image.resampled(onto: Grid(shape: [1, 1, 1], affine: Affine(spacing: .one, origin: [-1, 0, 0]))).voxels == [0])
    }

    /// SimpleITK's linear resampling, cut at one half (Tests/Reference/imaging/make_mask.py).
    @Test func masksEqualSimpleITK() throws {
        let source = Mask(
            grid: try Grid(shape: [5, 4, 3], affine: Affine(spacing: [2, 3, 2.5], origin: [1, -2, 3])),
            voxels: bits("001100101001011101100100111101001101011011110110101010101010"))
        let target = try Grid(shape: [9, 10, 6], affine: Affine(spacing: [1.3, 1.3, 1.3], origin: [0.13, -3.37, 1.91]))
        let expected =
            "000111100000111100000111100001001100001001100001001110001001110110111100110111100110111100000111100000111100000111100001101100001101100001001110001001110110111100110111100110111100001000010001000010001100010111110010011111110001111100000111100100111100110111100110111100001100010001100010011100010111110010111110010000111100000111100100111100110111100110111100111111100111111100111111100111101100111111100110111010100111010000111100001001100001001100111111100111111100111111100111101100111001100110110010110110010001001100001001100001001100"
        #expect(try source.resampled(onto: target).voxels == bits(expected))
    }

    /// Whether axes are independent is a matter of angles, not of voxel size.
    @Test func fineGridsHaveInverses() throws {
        for scale in [1e-6, 1e-4, 1, 1e5] {
            let affine = Affine([scale, 0.1 * scale, 0, 3], [-0.1 * scale, scale, 0, 4], [0, 0, 2 * scale, 5])
            let back = try affine.inverse().after(affine)
            for (row, unit) in zip(
                [back.rows.0, back.rows.1, back.rows.2], [Affine.identity.rows.0, Affine.identity.rows.1, Affine.identity.rows.2])
            {
                // The translation is found to the size of its parts.
                for c in 0..<4 { #expect(abs(row[c] - unit[c]) < (c < 3 ? 1e-12 : 1e-14 * (1 + 5 / scale))) }
            }
            let dependent = Affine([scale, 2 * scale, 0, 3], [scale, 2 * scale, 0, 4], [0, 0, 2 * scale, 5])
            #expect(throws: GridError.self) { try dependent.inverse() }
        }
        do {
            _ = try Grid(shape: [1, 1, 1], affine: Affine([1, 0, 0, .nan], [0, 2.5, 0, 0], [0, 0, 1, -.infinity]))
            Issue.record("made")
        } catch {
            #expect(
                error.message
                    == "the voxel-to-world affine has a value that is not a finite number: (1, 0, 0, nan), (0, 2.5, 0, 0), (0, 0, 1, -inf)")
        }
    }

    @Test func cropAndPadKeepPlaces() throws {
        let v = Volume(grid: try stored.volume("oblique").grid, voxels: stored.image, datatype: .int16)
        let part = try v.cropped(from: [1, 2, 3], to: [4, 6, 9])
        #expect(part.grid.shape == [3, 4, 6] && part.datatype == .int16)
        let a = part.grid.affine([1, 1, 1]), b = v.grid.affine([2, 3, 4])
        #expect((a - b).max() < 1e-12 && part[1, 1, 1] == v[2, 3, 4])
        let back = try part.padded(before: [1, 2, 3], after: [1, 1, 0], value: -5)
        #expect(back.grid.shape == v.grid.shape && back.grid.distance(to: v.grid) < 1e-12)
        #expect(back[0, 0, 0] == -5 && back[4, 3, 4] == -5 && back[3, 5, 8] == v[3, 5, 8])
        let mask = try v.otsu()
        #expect(
            try mask.cropped(from: [1, 2, 3], to: [4, 6, 9]).padded(before: [1, 2, 3], after: [1, 1, 0]).voxels[v.grid.index(2, 3, 4)]
                == mask.voxels[v.grid.index(2, 3, 4)])
        for bad in [(SIMD3(0, 0, 0), SIMD3(0, 1, 1)), ([-1, 0, 0], [2, 2, 2]), ([0, 0, 0], [6, 7, 9]), ([3, 0, 0], [2, 1, 1])] {
            #expect(throws: RegionError.self) { try v.cropped(from: bad.0, to: bad.1) }
        }
        #expect(throws: RegionError.self) { try v.padded(before: [-1, 0, 0], after: .zero) }
        #expect(throws: GridError.self) { try v.padded(before: [.max, 0, 0], after: [.max, 0, 0]) }
    }
}
