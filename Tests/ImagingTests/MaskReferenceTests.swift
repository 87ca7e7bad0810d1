import CKernels
import Imaging
import Kernels
import Testing

/// What Tests/Reference/imaging/make_masks.py stored.
struct MaskNumbers: Decodable {
    struct Distances: Decodable {
        var shape: [Int]
        var spacing: [Double]
        var mask: String
        var signed: [Float]
    }
    struct Ball: Decodable {
        var shape: [Int]
        var spacing: [Double]
        var unit: String
        var radius: Double
        var mask: String
        var opened: String
        var closed: String
    }
    struct Labels: Decodable {
        var shape: [Int]
        var connectivity: Int
        var mask: String
        var labels: [Float]
        var sizes: [Int]
    }
    struct Boundary: Decodable {
        var shape: [Int]
        var mask: String
        var boundary: String
    }
    /// A pair of masks, or for `heads` where to find them, and how far they agree.
    struct Pair: Decodable {
        var shape: [Int]?
        var spacing: [Double]?
        var a: String?
        var b: String?
        var file: String?
        var other: String?
        var shift: Int?
        var dice, iou, sensitivity, precision, specificity, volumeSimilarity: Double
        var hausdorff, hd95, assd, tolerance, surfaceDice: Double
    }
    var distances: [Distances]
    var balls: [Ball]
    var components: [Labels]
    var boundaries: [Boundary]
    var pairs: [Pair]
    var heads: [Pair]

    static let stored = Result { try Reference.load("masks.json", as: MaskNumbers.self) }
}

func mask(_ text: String, _ shape: [Int], _ spacing: [Double] = [1, 1, 1]) throws -> Mask {
    Mask(grid: try Grid(shape: triple(shape), affine: Affine(spacing: [spacing[0], spacing[1], spacing[2]])), voxels: bits(text))
}

@Suite struct MaskReferenceTests {
    let stored: MaskNumbers
    init() throws { stored = try MaskNumbers.stored.get() }

    /// scipy.ndimage.distance_transform_edt of both sides; SimpleITK agrees outside.
    @Test func distancesEqualScipy() throws {
        for d in stored.distances {
            let m = try mask(d.mask, d.shape, d.spacing)
            let signed = try m.distances(signed: true).voxels, plain = try m.distances().voxels
            #expect(largestDifference(signed, d.signed) < 2e-6 * 30, "signed distances of \(d.shape)")
            #expect(plain == signed.map { max(0, $0) })
        }
    }

    /// scipy.ndimage.binary_opening, and binary_closing of the padded mask.
    @Test func openingAndClosingEqualScipy() throws {
        for b in stored.balls {
            let m = try mask(b.mask, b.shape, b.spacing), unit = try #require(BallUnit(rawValue: b.unit))
            #expect(try m.opened(radius: b.radius, unit: unit).voxels == bits(b.opened), "opening by \(b.radius) \(b.unit)")
            #expect(try m.closed(radius: b.radius, unit: unit).voxels == bits(b.closed), "closing by \(b.radius) \(b.unit)")
        }
    }

    /// scipy.ndimage.label with its three structures.
    @Test func componentsEqualScipy() throws {
        for c in stored.components {
            let m = try mask(c.mask, c.shape), connectivity = try #require(Connectivity(rawValue: c.connectivity))
            let (labels, sizes) = try m.components(connectivity: connectivity)
            #expect(sizes == c.sizes, "sizes with \(c.connectivity) neighbours")
            #expect(labels.voxels == c.labels, "labels with \(c.connectivity) neighbours")
            #expect(try m.largestComponent(connectivity: connectivity).voxels == c.labels.map { $0 == 1 ? 1 : 0 })
        }
    }

    /// MONAI's get_mask_edges.
    @Test func boundariesEqualMONAI() throws {
        for b in stored.boundaries { #expect(try mask(b.mask, b.shape).boundary().voxels == bits(b.boundary)) }
    }

    private func check(_ p: MaskNumbers.Pair, _ a: Mask, _ b: Mask, _ name: String) throws {
        let overlap = try Overlap(a, b), surfaces = try SurfaceDistances(a, b)
        for (what, ours, theirs) in [
            ("dice", overlap.dice, p.dice), ("iou", overlap.iou, p.iou), ("sensitivity", overlap.sensitivity, p.sensitivity),
            ("precision", overlap.precision, p.precision), ("specificity", overlap.specificity, p.specificity),
            ("volume similarity", overlap.volumeSimilarity, p.volumeSimilarity),
        ] { #expect(abs(ours - theirs) < 1e-12, "\(what) of \(name)") }
        // The peer adds in single precision.
        for (what, ours, theirs) in [
            ("hausdorff", surfaces.hausdorff, p.hausdorff), ("hd95", try surfaces.percentile(95), p.hd95), ("assd", surfaces.mean, p.assd),
            ("surface dice", surfaces.dice(tolerance: p.tolerance), p.surfaceDice),
        ] { #expect(abs(ours - theirs) < 1e-5 * max(1, theirs), "\(what) of \(name): \(ours), not \(theirs)") }
    }

    /// SimpleITK's LabelOverlapMeasures and MONAI's surface metrics.
    @Test func measuresEqualSimpleITKAndMONAI() throws {
        for p in stored.pairs {
            let shape = try #require(p.shape), spacing = try #require(p.spacing)
            try check(p, mask(try #require(p.a), shape, spacing), mask(try #require(p.b), shape, spacing), "\(shape)")
        }
    }

    @Test func measuresOfRealMasksEqualSimpleITKAndMONAI() throws {
        guard let data = Reference.data() else { return }
        func read(_ name: String) throws -> Mask {
            try Elementwise.compare(.greater, .volume(ImageFile.read(data.appendingPathComponent("heads/\(name).nii.gz").path)), .number(0))
        }
        for p in stored.heads {
            let a = try read(try #require(p.file)), other = try read(try #require(p.other)), shift = try #require(p.shift)
            var moved = other.voxels
            if shift > 0 { moved = Array(repeating: 0, count: shift) + moved.dropLast(shift) }
            try check(p, a, Mask(grid: a.grid, voxels: moved), p.file!)
        }
    }

    /// Lines of 16 against every pair of positions, in each instruction set, with lines that have no site and sites off the line.
    @Test(arguments: Kernels.available) func linesEqualEveryPair(_ set: Kernels.InstructionSet) throws {
        let kernel = try #require(Kernels.masks(set)).distanceLines
        for (sites, first, outputs, step) in [
            (1, 0, 1, 1), (7, -1, 5, 0.7), (3, 4, 33, 2.5), (64, 3, 70, 1), (2, 90, 100, 0.3), (5, 0, 3, 1),
        ] {
            for empty in [0, 5, 16] {
                let noise = try noise([16, sites, 1], seed: UInt64(sites + empty)).voxels
                let values = noise.enumerated().map { i, x in i % 16 < empty || x > 0.8 && i % 16 > 9 ? Float.infinity : x * 40 }
                let reach = 200
                let squares = (-reach...reach).map { Float(Double($0) * step * (Double($0) * step)) }
                for root in [false, true] {
                    var out = [Float](repeating: -1, count: outputs * 20), nearest = [Int32](repeating: 0, count: 2 * outputs)
                    squares.withUnsafeBufferPointer { squares in
                        values.withUnsafeBufferPointer { values in
                            out.withUnsafeMutableBufferPointer { out in
                                nearest.withUnsafeMutableBufferPointer { nearest in
                                    var job = SKDistanceLines(
                                        in: values.baseAddress!, sites: Int64(sites), first: Int64(first),
                                        squares: squares.baseAddress! + reach,
                                        out: out.baseAddress!, outputs: Int64(outputs), stride: 20, nearest: nearest.baseAddress!,
                                        root: root ? 1 : 0)
                                    kernel(&job)
                                }
                            }
                        }
                    }
                    for p in 0..<outputs {
                        for lane in 0..<20 {
                            let best = (0..<sites).map { lane < 16 ? values[$0 * 16 + lane] + squares[reach + first + $0 - p] : 0 }.min()!
                            let expected = lane >= 16 ? -1 : root ? best.squareRoot() : best
                            let value = out[p * 20 + lane]
                            #expect(
                                value == expected || abs(value - expected) <= 1e-6 * expected,
                                "\(set) \(sites) \(first) \(outputs) \(p) \(lane)")
                        }
                    }
                }
            }
        }
    }
}
