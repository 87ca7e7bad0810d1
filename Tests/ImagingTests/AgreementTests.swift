import Imaging
import Support
import Testing

/// What must hold of masks and their measures, whatever the numbers.
@Suite struct AgreementTests {
    func ball(_ shape: SIMD3<Int>, spacing: SIMD3<Double>, centre: SIMD3<Double>, radius: Double) throws -> Mask {
        let grid = try Grid(shape: shape, affine: Affine(spacing: spacing, origin: [-7, 11, 3]))
        var voxels = [UInt8](repeating: 0, count: grid.count)
        for k in 0..<shape.z {
            for j in 0..<shape.y {
                for i in 0..<shape.x {
                    let d = (SIMD3(Double(i), Double(j), Double(k)) - centre) * spacing
                    if (d * d).sum() <= radius * radius { voxels[grid.index(i, j, k)] = 1 }
                }
            }
        }
        return Mask(grid: grid, voxels: voxels)
    }

    /// On voxels that are no cubes, along each axis and obliquely.
    @Test func hausdorffOfAShiftedBallIsTheShift() throws {
        let shape = SIMD3(40, 34, 30), spacing = SIMD3(0.8, 1.25, 1.5), centre = SIMD3(17.0, 15, 13)
        let a = try ball(shape, spacing: spacing, centre: centre, radius: 9)
        for shift in [SIMD3(5.0, 0, 0), [0, -3, 0], [0, 0, 4], [3, 2, -2]] {
            let b = try ball(shape, spacing: spacing, centre: centre + shift, radius: 9)
            let there = try SurfaceDistances(a, b), back = try SurfaceDistances(b, a)
            let length = ((shift * spacing) * (shift * spacing)).sum().squareRoot()
            // A ball of voxels has no surface normal along every direction: an oblique shift may fall short by less than a voxel.
            let slack = shift.x != 0 && shift.y != 0 ? 0.4 : 1e-5
            #expect(
                there.hausdorff <= length + 1e-5 && there.hausdorff > length - slack, "shift \(shift): \(there.hausdorff), not \(length)")
            #expect(try there.hausdorff == back.hausdorff && there.percentile(95) == back.percentile(95) && abs(there.mean - back.mean) < 1e-12)
            #expect(try there.mean < there.percentile(95) && there.percentile(95) <= there.hausdorff)
            #expect(there.dice(tolerance: length) == 1 && there.dice(tolerance: 0) < 1)
            #expect(try Overlap.dice(a, b) == Overlap.dice(b, a) && Overlap.iou(a, b) == Overlap.iou(b, a))
            #expect(try Overlap(a, b).sensitivity == Overlap(b, a).precision)
            let moved = try b.centroid() - a.centroid()
            #expect(((moved - shift * spacing) * (moved - shift * spacing)).sum() < 1e-18)
            let boxA = try a.boundingBox(), boxB = try b.boundingBox()
            #expect(boxB.from &- boxA.from == SIMD3<Int>(shift) && boxB.to &- boxA.to == SIMD3<Int>(shift))
        }
    }

    @Test func emptyMasksAreDefined() throws {
        let some = try ball([9, 8, 7], spacing: [1, 2, 3], centre: [4, 4, 3], radius: 3)
        let none = some.with([UInt8](repeating: 0, count: some.grid.count)), all = try Elementwise.not(none)
        let agree = try Overlap(none, none)
        #expect(
            [agree.dice, agree.iou, agree.sensitivity, agree.precision, agree.specificity, agree.volumeSimilarity].allSatisfy { $0 == 1 })
        for (a, b) in [(none, some), (some, none)] {
            let o = try Overlap(a, b)
            #expect([o.dice, o.iou, o.sensitivity, o.precision, o.volumeSimilarity].allSatisfy { $0 == 0 })
            let s = try SurfaceDistances(a, b)
            #expect(try [s.hausdorff, s.percentile(95), s.mean].allSatisfy { $0 == .infinity } && s.dice(tolerance: 1e9) == 0)
        }
        #expect(try Overlap(some, all).specificity == 0 && Overlap(all, all).specificity == 1)
        let s = try SurfaceDistances(none, none)
        #expect(try [s.hausdorff, s.percentile(95), s.mean].allSatisfy { $0 == 0 } && s.dice(tolerance: 0) == 1)
        #expect(throws: IntensityError.self) { try none.centroid() }
        #expect(throws: IntensityError.self) { try none.boundingBox() }
        #expect(try none.components().sizes.isEmpty && Disagreement.largest(3, of: none, against: none).isEmpty)
        #expect(try none.distances(signed: true).voxels.allSatisfy { $0 == .infinity })
        #expect(try all.distances().voxels.allSatisfy { $0 == 0 } && all.distances(signed: true).voxels.allSatisfy { $0 == -.infinity })
        #expect(try none.closed(radius: 3).count == 0 && all.closed(radius: 3).count == all.count && none.boundary().count == 0)
        let elsewhere = Mask(grid: try Grid(shape: [9, 8, 7], affine: .identity), voxels: some.voxels)
        #expect(throws: GridError.self) { try SurfaceDistances(some, elsewhere) }
        #expect(throws: GridError.self) { try Disagreement.largest(1, of: some, against: elsewhere) }
    }

    /// One threshold of distances is a dilation, and opening is closing of the complement, away from the edge.
    @Test func morphologyIsConsistent() throws {
        let v = try noise([30, 17, 13], affine: Affine(spacing: [0.7, 1.3, 0.9]), seed: 8).smoothed(sigma: 1.2)
        let cut = Float(try v.percentile(60))
        let m = try Elementwise.compare(.greater, .volume(v), .number(Double(cut)))
        let far = try m.distances()
        for radius in [0.8, 1.4, 3.3] {
            let grown = try m.dilated(radius: radius)
            // No distance lies so near a radius that its rounding decides.
            #expect(grown.voxels == far.voxels.map { $0 <= Float(radius) ? 1 : 0 })
            let pad = SIMD3(14, 14, 14)
            let wide = try Elementwise.not(m.padded(before: pad, after: pad))
            let dual = try Elementwise.not(wide.opened(radius: radius)).voxels
            let closed = try m.closed(radius: radius).padded(before: pad, after: pad).voxels
            // Beyond the image the complement is worn off.
            let inner = try Mask(grid: wide.grid, voxels: dual).cropped(from: pad, to: pad &+ m.grid.shape)
            #expect(try inner.voxels == Mask(grid: wide.grid, voxels: closed).cropped(from: pad, to: pad &+ m.grid.shape).voxels)
            #expect(try m.closed(radius: radius).closed(radius: radius).voxels == m.closed(radius: radius).voxels, "closing twice")
            #expect(try m.opened(radius: radius).opened(radius: radius).voxels == m.opened(radius: radius).voxels, "opening twice")
        }
        #expect(isExplained { try m.closed(radius: 1e8) })
        #expect(try m.eroded(radius: 1, unit: .voxels).voxels == zip(m.voxels, m.boundary().voxels).map { $0 & ~$1 })
    }

    /// More voxels than one slab, one vector and one word, against a flood fill.
    @Test(arguments: Connectivity.allCases) func componentsEqualFloodFill(_ connectivity: Connectivity) throws {
        let m = try Elementwise.compare(.greater, .volume(try noise([41, 19, 35], seed: 3)), .number(connectivity == .faces ? 0.7 : 0.86))
        let n = m.grid.shape
        var label = [Int](repeating: 0, count: m.grid.count), sizes: [Int] = []
        for start in m.voxels.indices where m.voxels[start] != 0 && label[start] == 0 {
            sizes.append(0)
            label[start] = sizes.count
            var queue = [start]
            while let at = queue.popLast() {
                sizes[sizes.count - 1] += 1
                let p = SIMD3(at % n.x, at / n.x % n.y, at / n.x / n.y)
                for z in -1...1 {
                    for y in -1...1 {
                        for x in -1...1 where abs(x) + abs(y) + abs(z) <= (connectivity == .faces ? 1 : connectivity == .edges ? 2 : 3) {
                            let q = p &+ SIMD3(x, y, z)
                            guard q.min() >= 0, q.x < n.x, q.y < n.y, q.z < n.z, m[q.x, q.y, q.z] else { continue }
                            let to = m.grid.index(q.x, q.y, q.z)
                            if label[to] == 0 {
                                label[to] = sizes.count
                                queue.append(to)
                            }
                        }
                    }
                }
            }
        }
        let (labels, found) = try m.components(connectivity: connectivity)
        #expect(found == sizes.sorted(by: >) && found.count > 50)
        // The same division under other names.
        var names: [Int: Float] = [:]
        for (at, own) in label.enumerated() where own > 0 {
            let theirs = labels.voxels[at]
            #expect(names[own, default: theirs] == theirs && found[Int(theirs) - 1] == sizes[own - 1])
            names[own] = theirs
        }
        #expect(Set(names.values).count == sizes.count)
    }

    @Test func disagreementsAreFoundWhereTheyAre() throws {
        let shape = SIMD3(40, 36, 30), spacing = SIMD3(0.8, 1.25, 1.5)
        let truth = try ball(shape, spacing: spacing, centre: [15, 17, 14], radius: 9)
        let blob = try ball(shape, spacing: spacing, centre: [33, 8, 20], radius: 4),
            hole = try ball(shape, spacing: spacing, centre: [15, 18, 13], radius: 3)
        let prediction = truth.with(zip(zip(truth.voxels, blob.voxels), hole.voxels).map { ($0.0 | $0.1) & ~$1 })
        let found = try Disagreement.largest(10, of: prediction, against: truth)
        #expect(found.count == 2 && found[0].kind == .extra && found[1].kind == .missing)
        #expect(found[0].count == blob.count && found[1].count == hole.count)
        #expect(found[0].voxel == [33, 8, 20] && found[1].voxel == [15, 18, 13])
        #expect(found[0].world == truth.grid.affine([33, 8, 20]) && abs(found[0].millilitres - blob.millilitres) < 1e-12)
        #expect(abs(found[1].depth - 3) < 1.5)
        let turned = try Disagreement.largest(1, of: truth, against: prediction)
        #expect(turned.count == 1 && turned[0].kind == .missing && turned[0].voxel == found[0].voxel && turned[0].depth == found[0].depth)
        #expect(throws: IntensityError.self) { try Disagreement.largest(0, of: truth, against: prediction) }
    }

    /// Distances that are kept are those of the very masks, whichever comes first.
    @Test func distancesAreKeptForThePair() throws {
        func masks(_ radius: Double) throws -> (Mask, Mask) {
            (try ball([24, 22, 20], spacing: [1, 1, 2], centre: [12, 11, 20], radius: 7), try ball([24, 22, 20], spacing: [1, 1, 2], centre: [13, 11, 20], radius: radius))
        }
        for radius in [6.0, 4, 8] {
            let (a, b) = try masks(radius), fresh = try SurfaceDistances(a, b)
            for kept in [try SurfaceDistances.between(a, b), try SurfaceDistances.between(a, b), try SurfaceDistances.between(b, a)] {
                #expect(kept.hausdorff == fresh.hausdorff && kept.mean == fresh.mean)
                #expect(try kept.percentile(95) == fresh.percentile(95) && kept.dice(tolerance: 1) == fresh.dice(tolerance: 1))
            }
        }
        // Nothing searches while Ctrl-C is pressed, so that what comes is what was kept.
        let (a, b) = try masks(5)
        let first = try SurfaceDistances.between(a, b).hausdorff
        Interrupt.raise()
        defer { Interrupt.clear() }
        #expect(try SurfaceDistances.between(a, b).hausdorff == first)
        let same = a.with(a.voxels)
        #expect(throws: Interrupted.self) { try SurfaceDistances.between(same, b) }
        // The masks are not held.
        weak var gone: Mask?
        do {
            let (c, d) = (a.with(a.voxels), b)
            Interrupt.clear()
            _ = try SurfaceDistances.between(c, d)
            gone = c
        }
        #expect(gone == nil)
    }

    @Test func longWorkObeysCtrlC() throws {
        let m = try ball([24, 22, 20], spacing: [1, 1, 1], centre: [12, 11, 10], radius: 7)
        Interrupt.raise()
        defer { Interrupt.clear() }
        #expect(throws: Interrupted.self) { try m.distances() }
        #expect(throws: Interrupted.self) { try m.components() }
        #expect(throws: Interrupted.self) { try SurfaceDistances(m, m) }
        #expect(throws: Interrupted.self) { try BET.extract(noise([9, 8, 7])) }
        let v = try noise([9, 8, 7])
        let others: [(String, () throws -> Void)] = [
            ("percentile", { _ = try v.percentile(50) }), ("histogram", { _ = try v.histogram(bins: 4) }), ("otsu", { _ = try v.otsu() }),
            ("matched", { _ = try v.matched(to: v) }), ("noise level", { _ = try v.noiseLevel() }), ("median", { _ = try v.median(radius: [2, 2, 2]) }),
            ("normalized", { _ = try v.normalized() }), ("clamp", { _ = try Elementwise.clamp(v, to: 0...1) }), ("not", { _ = try Elementwise.not(m) }),
            ("log", { _ = try Elementwise.apply(.log, v) }), ("bias", { _ = try v.grid.syntheticBias(strength: 0.1) }), ("conform", { _ = try v.conformed(size: 8) }),
            ("holes", { _ = try m.holesFilled() }), ("largest", { _ = try m.largestComponent() }), ("boundary", { _ = try m.boundary() }),
            ("box", { _ = try m.boundingBox() }), ("centroid", { _ = try m.centroid() }), ("dilated", { _ = try m.dilated(radius: 2) }),
            ("cubic", { _ = try v.resampled(onto: m.grid, interpolation: .cubic) }), ("crop", { _ = try v.cropped(from: .zero, to: [2, 2, 2]) }),
            ("flip", { _ = try v.flipped(axis: 0) }), ("white stripe", { _ = try v.whiteStripe() }), ("registration", { _ = try v.registered(to: v) }),
        ]
        for (name, work) in others { #expect(throws: Interrupted.self, "\(name)") { try work() } }
    }
}
