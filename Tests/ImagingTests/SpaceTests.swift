import Glibc
import Imaging
import Support
import Testing

/// What make_space.py stored.
private struct Stored: Decodable {
    struct Reoriented: Decodable {
        var from: String
        var code: String
        var shape: [Int]
        var affine: [Double]
        var values: [Float]
    }
    struct Labels: Decodable {
        var from: String
        var values: [Float]
    }
    struct Target: Decodable {
        var shape: [Int]
        var affine: [Double]
        var values: [Float]?
    }
    struct Moved: Decodable {
        var matrix: [Double]
        var values: [Float]
    }
    struct Even: Decodable {
        var shape: [Int]
        var image: [Float]
        var affine: [Double]
        var outAffine: [Double]
        var values: [Float]
    }
    struct Conformed: Decodable {
        var image: [Float]
        var scaled: [Float]
        var affine: [Double]
        var values: [Float]
    }
    var shape: [Int]
    var image: [Float]
    var affines: [String: [Double]]
    var reorient: [Reoriented]
    var labels: [Float]
    var target: Target
    var resampledLabels: [Labels]
    var moved: Moved
    var antialias: [Target]
    var conformEven: Even
    var conform: Conformed

    func grid(_ name: String) throws -> Grid { try Grid(shape: triple(shape), affine: Affine(flat: affines[name] ?? [])) }
}

@Suite struct SpaceTests {
    private let stored: Stored
    init() throws { stored = try Reference.load("space.json", as: Stored.self) }

    /// nibabel's as_reoriented.
    @Test func reorientsAsNibabel() throws {
        for case let r in stored.reorient {
            let source = Volume(grid: try stored.grid(r.from), voxels: stored.image, datatype: .int16)
            let ours = try source.reoriented(to: r.code)
            #expect(ours.grid.shape == triple(r.shape) && ours.voxels == r.values, "\(r.from) to \(r.code)")
            #expect(ours.grid.distance(to: try Grid(shape: triple(r.shape), affine: Affine(flat: r.affine))) < 1e-12)
            #expect(ours.grid.orientation == r.code && ours.datatype == .int16)
            let mask = Mask(grid: source.grid, voxels: source.voxels.map { $0 > 100 ? 1 : 0 })
            #expect(try mask.reoriented(to: r.code).voxels == r.values.map { $0 > 100 ? 1 : 0 })
        }
    }

    @Test func obliqueAxesAreTold() throws {
        func obliquity(_ flat: [Double]) -> Double { Affine(flat: flat).obliquity }
        #expect(obliquity([1, 0, 0, 3, 0, 2, 0, 4, 0, 0, 3, 5]) == 0)
        #expect(obliquity([0, -1, 0, 3, 0, 0, 2, 4, -3, 0, 0, 5]) == 0)
        let (c, s) = (cos(0.3), sin(0.3))
        #expect(abs(obliquity([2 * c, -s, 0, 0, 2 * s, c, 0, 0, 0, 0, 3, 0]) - 0.3 * 180 / .pi) < 1e-9)
        // Sheared: one axis alone is off.
        #expect(abs(obliquity([1, 0, 0, 0, 0, 1, 0.5, 0, 0, 0, 1, 0]) - atan(0.5) * 180 / .pi) < 1e-9)
        let turned = try Grid(shape: [2, 2, 2], affine: Affine(flat: [-c, s, 0, 0, -s, -c, 0, 0, 0, 0, 1, 0]))
        #expect(turned.facing == "LPS oblique by 17°" && turned.orientation == "LPS")
        #expect(try Grid(shape: [2, 2, 2], affine: Affine(flat: [1, 0.005, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0])).facing == "RAS")
    }

    /// Every order of the axes and every direction, there and back, and each voxel where it was. Shapes beyond the squares that planes are turned in.
    @Test func ordersRoundTripAndKeepPlaces() throws {
        let v = try noise([37, 5, 41], affine: Affine(flat: [1, 0.2, 0, 3, -0.1, 0.9, 0.3, 40, 0.1, -0.3, 1.3, -7]))
        for axes in [SIMD3(0, 1, 2), [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            for flips in 0..<8 {
                let order = try AxisOrder(axes: axes, flipped: (0..<3).map { flips >> $0 & 1 == 1 })
                let w = try v.ordered(order)
                for place in [SIMD3(0, 0, 0), [1, 2, 3], [36, 4, 40], [17, 3, 9]] {
                    var to = SIMD3<Int>.zero
                    for i in 0..<3 { to[i] = order.flipped[i] ? w.grid.shape[i] - 1 - place[axes[i]] : place[axes[i]] }
                    #expect(w[to.x, to.y, to.z] == v[place.x, place.y, place.z])
                    let apart = w.grid.affine(SIMD3<Double>(to)) - v.grid.affine(SIMD3<Double>(place))
                    #expect((apart * apart).sum() < 1e-20)
                }
                let back = try w.reoriented(to: v.grid.orientation)
                #expect(back.voxels == v.voxels && back.grid.distance(to: v.grid) < 1e-12)
            }
        }
        let flipped = try v.flipped(axis: 1)
        #expect(flipped.grid.orientation == "RPS" && flipped[3, 0, 7] == v[3, 4, 7])
        for code in ["", "RA", "RRS", "RASS", "XYZ", "RAR", "🧠AS"] {
            #expect(throws: OrientationError.code(code)) { try v.reoriented(to: code) }
        }
        #expect(try v.reoriented(to: "ras").grid == v.grid)
        #expect(throws: OrientationError.axis(3)) { try v.flipped(axis: 3) }
        #expect(throws: OrientationError.axes([0, 0, 1])) { try AxisOrder(axes: [0, 0, 1]) }
    }

    /// SimpleITK's label interpolator over linear, where a position is inside of the voxel centres.
    @Test func labelsEqualSimpleITK() throws {
        let target = try Grid(shape: triple(stored.target.shape), affine: Affine(flat: stored.target.affine))
        for case let r in stored.resampledLabels {
            let source = Volume(grid: try stored.grid(r.from), voxels: stored.labels, datatype: .uint8)
            let ours = try source.resampled(onto: target, interpolation: .label)
            #expect(ours.datatype == .uint8)
            let wrong = zip(ours.voxels, r.values).filter { $0.1 >= 0 && $0.0 != $0.1 }.count
            #expect(wrong == 0, "\(r.from): \(wrong) labels differ")
        }
    }

    /// The slow obvious way: each label's mask resampled linearly by itself, and the label that has most.
    @Test func labelsEqualTheMostOfTheirMasks() throws {
        let source = try stored.grid("flipped"),
            target = try Grid(shape: triple(stored.target.shape), affine: Affine(flat: stored.target.affine))
        var best = [Float](repeating: 0, count: target.count), most = [Float](repeating: 0, count: target.count)
        for label in Set(stored.labels).sorted() {
            let share = try Volume(grid: source, voxels: stored.labels.map { $0 == label ? 1 : 0 }).resampled(onto: target).voxels
            for i in best.indices where share[i] > most[i] + 1e-5 { (best[i], most[i]) = (label, share[i]) }
        }
        let ours = try Volume(grid: source, voxels: stored.labels, datatype: .uint8).resampled(onto: target, interpolation: .label)
        #expect(ours.voxels == best)
        // Two halves of one voxel's way: the smaller label, whichever side it is on.
        let pair = try Grid(shape: [2, 1, 1], affine: .identity),
            middle = try Grid(shape: [1, 1, 1], affine: Affine(spacing: .one, origin: [0.5, 0, 0]))
        for values: [Float] in [[7, 3], [3, 7]] {
            #expect(try Volume(grid: pair, voxels: values, datatype: .uint8).resampled(onto: middle, interpolation: .label).voxels == [3])
        }
    }

    /// SimpleITK's resampling through an affine transform.
    @Test func transformsMoveAsInSimpleITK() throws {
        let transform = try Transform(Affine(flat: stored.moved.matrix))
        let target = try Grid(shape: triple(stored.target.shape), affine: Affine(flat: stored.target.affine))
        let ours = try Volume(grid: stored.grid("oblique"), voxels: stored.image).moved(by: transform).resampled(onto: target)
        let apart = zip(ours.voxels, stored.moved.values).filter { $0.1 != -1 }.map { abs($0.0 - $0.1) }
        #expect(apart.count > 200 && apart.max() ?? 1 < 2e-3)
        #expect(!transform.isRigid && transform.summary.hasPrefix("affine transform · turns "))
    }

    /// scipy's Gaussian of the stated variance, then nilearn's linear resampling.
    @Test func antialiasingIsTheStatedBlur() throws {
        let source = Volume(grid: try stored.grid("source"), voxels: stored.image)
        for case let r in stored.antialias {
            let target = try Grid(shape: triple(r.shape), affine: Affine(flat: r.affine))
            #expect(largestDifference(try source.resampled(onto: target, antialias: true).voxels, try #require(r.values)) < 2e-3)
        }
        // Finer voxels need no blur, and labels and nearest values can have none.
        let fine = try Grid.centred(on: source.grid, spacing: [0.5, 0.5, 0.5])
        #expect(try source.resampled(onto: fine, antialias: true).voxels == source.resampled(onto: fine).voxels)
        for how in [Interpolation.nearest, .label] {
            #expect(throws: ResampleError.antialiasedLabels(how)) { try source.resampled(onto: fine, interpolation: how, antialias: true) }
        }
        // A pattern of one voxel is grey at a quarter of the resolution.
        let stripes = Volume(
            grid: try Grid(shape: [64, 8, 8], affine: .identity), voxels: (0..<4096).map { $0 % 2 == 0 ? 1 : 0 })
        let coarse = try stripes.resampled(onto: .centred(on: stripes.grid, spacing: [4, 1, 1]), antialias: true)
        #expect(coarse.voxels.dropFirst(4).prefix(8).allSatisfy { abs($0 - 0.5) < 0.01 })
    }

    /// nibabel's conform where its centre and FreeSurfer's are one, and FreeSurfer's definition written out.
    @Test func conformsAsFreeSurfer() throws {
        let e = stored.conformEven
        let even = Volume(grid: try Grid(shape: triple(e.shape), affine: Affine(flat: e.affine)), voxels: e.image, datatype: .uint8)
        let ours = try even.conformed(size: 12)
        #expect(ours.grid.distance(to: try Grid(shape: [12, 12, 12], affine: Affine(flat: e.outAffine))) < 1e-12)
        #expect(ours.voxels == e.values && ours.datatype == .uint8 && ours.grid.orientation == "LIA")
        // Once there, nothing changes.
        #expect(try ours.conformed(size: 12).voxels == ours.voxels)

        let c = stored.conform
        let wide = Volume(grid: try stored.grid("oblique"), voxels: c.image)
        #expect(try wide.rescaledToBytes().voxels == c.scaled)
        let small = try wide.conformed(size: 9, spacing: 2)
        #expect(small.grid.distance(to: try Grid(shape: [9, 9, 9], affine: Affine(flat: c.affine))) < 1e-12)
        #expect(small.voxels == c.values)
        #expect(try wide.conformed(size: 9, spacing: 2, rescaled: false).datatype == .float32)
        let head = try noise([64, 50, 40], affine: Affine(spacing: [3, 4, 5]))
        #expect(try head.conformed(size: 64, spacing: 4).grid.shape == [64, 64, 64])
        #expect(
            try Volume(grid: head.grid, voxels: .init(repeating: 3, count: head.grid.count)).rescaledToBytes().voxels.allSatisfy { $0 == 0 }
        )
        #expect(throws: GridError.self) { try head.conformed(size: 0) }
        #expect(throws: GridError.self) { try head.conformed(size: .max) }
        #expect(throws: IntensityError.self) { try head.conformed(spacing: -1) }
        let bad = Volume(grid: head.grid, voxels: head.voxels.enumerated().map { $0.offset == 7 ? .nan : $0.element })
        #expect(throws: IntensityError.self) { try bad.conformed(size: 16, spacing: 16) }
    }

    @Test func cropToKeepsTheMaskAndItsMargin() throws {
        let grid = try Grid(shape: [20, 15, 12], affine: Affine(flat: [0.9, 0, 0, 3, 0, 1.1, 0, -4, 0, 0, 2.5, 7]))
        var voxels = [UInt8](repeating: 0, count: grid.count)
        for place in [SIMD3(4, 9, 5), [6, 3, 5], [5, 5, 8]] { voxels[grid.index(place.x, place.y, place.z)] = 1 }
        let mask = Mask(grid: grid, voxels: voxels), image = try noise(grid.shape, affine: grid.affine)
        let tight = try mask.cropped(to: mask)
        #expect(tight.grid.shape == [3, 7, 4] && tight.count == 3)
        #expect(try mask.boundingBox(margin: 0).from == [4, 3, 5])
        // 2.6 mm are three voxels of 0.9 mm, three of 1.1 and two of 2.5; 9 mm are exactly ten of 0.9, and meet the border.
        #expect(try mask.boundingBox(margin: 2.6) == Box(from: [1, 0, 3], to: [10, 13, 11]))
        #expect(try mask.boundingBox(margin: 1.8).from.x == 2)
        #expect(try mask.boundingBox(margin: 1e300).to == grid.shape)
        let part = try image.cropped(to: mask, margin: 2.6)
        #expect(part[0, 0, 0] == image[1, 0, 3])
        let apart = part.grid.affine([0, 0, 0]) - grid.affine([1, 0, 3])
        #expect((apart * apart).sum() < 1e-20)
        for bad in [-1, .nan, .infinity] { #expect(throws: IntensityError.self) { try mask.boundingBox(margin: bad) } }
        #expect(throws: IntensityError.emptyMask(operation: "crop_to")) {
            try mask.with([UInt8](repeating: 0, count: grid.count)).boundingBox(margin: 1)
        }
        #expect(throws: GridError.self) { try image.cropped(to: Mask(grid: .init(shape: [1, 1, 1], affine: .identity), voxels: [1])) }
    }

    @Test func transformsComposeAndUndo() throws {
        let a = try Transform.rotation(degrees: [10, -20, 35], about: [4, -3, 12]), b = try Transform.translation([1, 2, -3])
        let fixed = a.matrix([4, -3, 12]) - SIMD3(4, -3, 12)
        #expect((fixed * fixed).sum() < 1e-24 && a.isRigid)
        let p = SIMD3<Double>(7, 8, -9)
        let apart = try b.after(a).matrix(p) - b.matrix(a.matrix(p)), back = try a.inverse.after(a).matrix(p) - p
        #expect((apart * apart).sum() < 1e-24 && (back * back).sum() < 1e-24)
        // A quarter turn about the axis that points up brings the right to the front.
        let quarter = try Transform.rotation(degrees: [0, 0, 90], about: .zero).matrix([1, 0, 0]) - SIMD3(0, 1, 0)
        #expect((quarter * quarter).sum() < 1e-24)
        #expect(
            try Transform.rotation(degrees: [0, 0, 30], about: .zero).summary
                == "rigid transform · turns 30.00° about (0.00, 0.00, 1.00) · moves the origin by (0.00, 0.00, 0.00) mm")
        #expect(throws: GridError.self) { try Transform(Affine(spacing: [1, 0, 1])) }
        #expect(throws: GridError.self) { try Transform.translation([.nan, 0, 0]) }
        // Carried there and back, an image is what it was, and its voxels lie where the transform says.
        let v = try noise([5, 6, 7], affine: Affine(spacing: [1, 2, 3]))
        let carried = try v.moved(by: a)
        #expect(carried.voxels == v.voxels)
        #expect(try carried.moved(by: a.inverse).grid.distance(to: v.grid) < 1e-12)
    }

    /// A smooth image that is turned and turned back is almost what it was, away from the border.
    @Test(arguments: [Interpolation.linear, .cubic]) func resamplingThereAndBack(_ how: Interpolation) throws {
        let grid = try Grid(shape: [24, 26, 28], affine: Affine(spacing: [1.1, 1, 0.9]))
        var values: [Float] = []
        for k in 0..<28 {
            for j in 0..<26 {
                for i in 0..<24 { values.append(Float(cos(0.35 * Double(i)) + cos(0.3 * Double(j)) * cos(0.25 * Double(k)))) }
            }
        }
        let v = Volume(grid: grid, voxels: values)
        let turn = try Transform.rotation(degrees: [9, -5, 14], about: grid.centre)
        let there = try v.moved(by: turn).resampled(onto: grid, interpolation: how)
        let back = try there.moved(by: turn.inverse).resampled(onto: grid, interpolation: how)
        var worst: Float = 0
        for k in 8..<20 { for j in 8..<18 { for i in 8..<16 { worst = max(worst, abs(back[i, j, k] - v[i, j, k])) } } }
        #expect(worst < (how == .linear ? 0.08 : 0.002))
    }
}
