import Figures
import Glibc
import Imaging
import Support
import Testing

@Suite struct MontageTests {
    @Test func allFortyEightOrientationsGiveOnePicture() throws {
        let (volume, mask) = try blob()
        let expected = try Montage.overlay(volume, mask)
        let slices = try Montage.slices(volume, mask: mask, axis: .coronal, count: 4)
        var seen: Set<String> = []
        for order in [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]] {
            for flips in 0..<8 {
                let flip = (0..<3).map { flips >> $0 & 1 == 1 }
                let (grid, voxels) = try stored(volume.grid, volume.voxels, order: order, flips: flip)
                let (_, bytes) = try stored(volume.grid, mask.voxels, order: order, flips: flip)
                let other = Volume(grid: grid, voxels: voxels), otherMask = Mask(grid: grid, voxels: bytes)
                seen.insert(grid.orientation)
                #expect(try body(Montage.overlay(other, otherMask)) == body(expected), "\(grid.orientation)")
                #expect(
                    try body(Montage.slices(other, mask: otherMask, axis: .coronal, count: 4)) == body(slices), "\(grid.orientation)")
            }
        }
        #expect(seen.count == 48)
        // The picture does tell a head from its mirror image.
        let (_, mirrored) = try stored(volume.grid, volume.voxels, order: [0, 1, 2], flips: [true, false, false])
        #expect(try body(Montage.overlay(Volume(grid: volume.grid, voxels: mirrored), mask)) != body(expected))
    }

    /// A bright box of 24 × 36 × 60 mm in voxels of 1 × 2 × 3 mm.
    private func box() throws -> (Volume, Mask) {
        let grid = try Grid(shape: [40, 40, 40], affine: Affine(spacing: [1, 2, 3], origin: [-19.5, -39, -58.5]))
        var bytes = [UInt8](repeating: 0, count: grid.count)
        for k in 10..<30 { for j in 11..<29 { for i in 8..<32 { bytes[grid.index(i, j, k)] = 1 } } }
        return (Volume(grid: grid, voxels: bytes.map { Float($0) * 800 }), Mask(grid: grid, voxels: bytes))
    }

    /// How much the outline's colour stands out: amber is far from every grey.
    private func amber(_ p: SIMD3<Int>) -> Bool { p.x - p.z > 140 }

    @Test func outlineLiesOnTheEdgeOfTheMask() throws {
        let (volume, mask) = try box()
        let plain = try Montage.overlay(volume, nil), drawn = try Montage.overlay(volume, mask)
        #expect(plain.width == drawn.width && plain.height == drawn.height)
        // Along a row through the boxes: the image's own edges, where grey passes one half, against the outline's centres.
        let row = (plain.height - 45) / 2 + 23
        func edges() -> [Double] {
            var found: [Double] = []
            for x in 1..<plain.width {
                let a = plain.pixel(x - 1, row).y, b = plain.pixel(x, row).y
                guard abs(b - a) > 0, (a < 128) != (b < 128), plain.pixel(x, row).x == b else { continue }
                found.append(Double(x - 1) + 0.5 + (127.5 - Double(a)) / Double(b - a))
            }
            return found
        }
        func outlines() -> [Double] {
            var found: [Double] = [], start: Int?
            for x in 0..<drawn.width {
                if amber(drawn.pixel(x, row)) {
                    start = start ?? x
                } else if let first = start {
                    found.append(Double(first + x) / 2)
                    start = nil
                }
            }
            return found
        }
        let truth = edges(), seen = outlines()
        #expect(truth.count == 6)
        #expect(seen.count == 6)
        for (a, b) in zip(truth, seen) { #expect(abs(a - b) <= 0.75, "\(a) against \(b)") }
    }

    @Test func millimetresAreSquareAndTheScaleBarIsTrue() throws {
        let (volume, mask) = try box()
        let figure = try Montage.overlay(volume, mask)
        var columns: [Int] = [], low = Int.max, high = 0
        for x in 0..<figure.width {
            let rows = (0..<figure.height).filter { amber(figure.pixel(x, $0)) }
            if let first = rows.first, let last = rows.last {
                columns.append(x)
                if x < figure.width / 3 {
                    low = min(low, first)
                    high = max(high, last)
                }
            }
        }
        // The first third holds the sagittal view: 36 mm from back to front, 60 mm from bottom to top.
        let first = columns.first!, last = columns.last { $0 < figure.width / 3 }!
        let pixelsPerMm = Double(last - first - 1) / 36
        #expect(abs(Double(high - low - 1) / 60 - pixelsPerMm) < 0.04 * pixelsPerMm)
        // The bar is the longest run of the text's colour in the caption.
        var longest = 0
        for y in figure.height - 45..<figure.height {
            var run = 0
            for x in 0..<figure.width {
                run = figure.pixel(x, y).min() > 180 ? run + 1 : 0
                longest = max(longest, run)
            }
        }
        #expect(abs(Double(longest) - 10 * pixelsPerMm) < 5, "\(longest) pixels at \(pixelsPerMm) a mm")
    }

    @Test func slicesAreDistinctAndNotMoreThanThereAre() throws {
        let (volume, mask) = try blob()
        #expect(try Montage.slices(volume, axis: .axial, count: 5).summary.contains("5 axial slices"))
        // The head spans planes 3 … 10, and 5 mm are two planes more on each side, of which the uppermost is missing.
        #expect(try Montage.slices(volume, axis: .axial, count: 300).summary.contains("11 axial slices"))
        #expect(try Montage.slices(volume, mask: mask, axis: .sagittal, count: 1, columns: 9).summary.contains("1 sagittal slice ·"))
    }

    @Test func wrongRequestsAreErrors() throws {
        let (volume, mask) = try blob()
        let elsewhere = Mask(
            grid: try Grid(shape: mask.grid.shape, affine: .identity), voxels: mask.voxels)
        #expect(throws: GridError.self) { try Montage.overlay(volume, elsewhere) }
        #expect(throws: GridError.self) { try Montage.slices(volume, mask: elsewhere) }
        #expect(throws: FigureError.count(0)) { try Montage.slices(volume, count: 0) }
        #expect(throws: FigureError.count(401)) { try Montage.slices(volume, count: 401) }
        #expect(throws: FigureError.columns(0)) { try Montage.slices(volume, columns: 0) }
    }

    @Test(arguments: [
        SIMD3(1, 1, 1), SIMD3(500, 1, 1), SIMD3(1, 1, 500), SIMD3(1, 40_000, 1), SIMD3(2, 3, 1), SIMD3(60, 1, 60),
    ])
    func oddShapesAreDrawn(shape: SIMD3<Int>) throws {
        for spacing in [SIMD3(1.0, 1, 1), SIMD3(1e-5, 1, 1), SIMD3(1e5, 1e-4, 1)] {
            let grid = try Grid(shape: shape, affine: Affine(spacing: spacing))
            let volume = Volume(grid: grid, voxels: (0..<grid.count).map { Float($0 % 11) })
            let mask = Mask(grid: grid, voxels: (0..<grid.count).map { $0 % 3 == 0 ? 1 : 0 })
            for figure in [try Montage.overlay(volume, mask), try Montage.slices(volume, mask: mask, axis: .sagittal, count: 100)] {
                #expect(figure.width <= 4000 && figure.height <= 6000 && figure.width >= 300 && figure.height >= 50, "\(figure.summary)")
            }
        }
    }

    @Test func strangeValuesAreDrawn() throws {
        let (volume, mask) = try blob()
        let empty = Mask(grid: mask.grid, voxels: [UInt8](repeating: 0, count: mask.grid.count))
        let full = Mask(grid: mask.grid, voxels: [UInt8](repeating: 1, count: mask.grid.count))
        let n = volume.grid.count
        let cases: [[Float]] = [
            [Float](repeating: .nan, count: n), [Float](repeating: 5, count: n), [Float](repeating: .infinity, count: n),
            (0..<n).map { $0 % 2 == 0 ? Float.greatestFiniteMagnitude : -Float.greatestFiniteMagnitude },
            volume.voxels.enumerated().map { $0.offset % 7 == 0 ? .nan : $0.element },
        ]
        for voxels in cases {
            let strange = Volume(grid: volume.grid, voxels: voxels)
            for m in [mask, empty, full] { #expect(try Montage.overlay(strange, m).width == Montage.overlay(strange, m).width) }
        }
        // An empty mask is looked at in the volume's middle, and said to be empty.
        #expect(try Montage.overlay(volume, empty).summary.contains("mask empty"))
        // A few NaN voxels leave the rest of the picture as it was.
        var holed = volume.voxels
        holed[0] = .nan
        #expect(try body(Montage.overlay(Volume(grid: volume.grid, voxels: holed), mask)) == body(Montage.overlay(volume, mask)))
    }

    @Test func labelsStayWithinTheirCards() throws {
        let (volume, _) = try blob()
        let affine = Affine(spacing: volume.grid.spacing, origin: [-220, -215, -210])
        let far = Volume(grid: try Grid(shape: volume.grid.shape, affine: affine), voxels: volume.voxels)
        for width in [300, 420, 1500] {
            let figure = try Montage.overlay(far, nil, width: width)
            let background = figure.pixels[0], middle = (figure.height - 45) / 2
            // Between the cards there is nothing but background, from the top to the caption.
            let gaps = (0..<figure.width).filter { figure.pixels[$0 + middle * figure.width] == background }
            #expect(gaps.count >= 10)
            for x in gaps { #expect((0..<middle).allSatisfy { figure.pixels[x + $0 * figure.width] == background }, "\(width): column \(x)") }
        }
    }

    @Test func obliqueImagesAreSaidToBe() throws {
        let (volume, _) = try blob()
        let angle = 20 * Double.pi / 180
        let c: Double = 2 * cos(angle), s: Double = 2 * sin(angle)
        let turned = try Grid(shape: volume.grid.shape, affine: Affine([c, -s, 0, 0], [s, c, 0, 0], [0, 0, 3, 0]))
        #expect(try Montage.overlay(Volume(grid: turned, voxels: volume.voxels), nil).summary.contains("· RAS oblique by 20°"))
        #expect(try !Montage.overlay(volume, nil).summary.contains("oblique"))
    }

    @Test func maskVolumeIsSaid() throws {
        let (volume, mask) = try box()
        // 24 · 18 · 20 voxels of 6 mm³.
        #expect(try Montage.overlay(volume, mask).summary.contains("mask 51.84 ml"))
    }
}
