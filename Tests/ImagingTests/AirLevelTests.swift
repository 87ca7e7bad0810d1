import Imaging
import Testing

/// Images of one head whose air is not at 0, as archives hold them.
@Suite struct AirLevelTests {
    /// Air of noise, 0 to 10; tissue at 20 and more, up to some 900.
    private static let head = Result {
        try Phantom.make(seed: 2, shape: [30, 36, 34], spacing: [7, 6.5, 7], options: .init(noise: 0.01)).image
    }

    private func head() throws -> (image: Volume, high: Float) {
        let image = try Self.head.get()
        return (image, image.voxels.max()!)
    }

    private func changed(_ image: Volume, _ change: (Float) -> Float) -> Volume { image.with(image.voxels.map(change)) }

    private func greatestDifference(_ a: Volume, _ b: Volume) -> Float { zip(a.voxels, b.voxels).map { abs($0 - $1) }.max()! }

    @Test func magnitudeImagesStayAsTheyAre() throws {
        let (image, high) = try head()
        #expect(try image.withAirAtZero().voxels == image.voxels)
        // Blackened air, tissue cut out of it, and a field of view within the head, in which nothing is black.
        let blackened = changed(image) { $0 < 0.1 * high ? 0 : $0 }
        #expect(try blackened.withAirAtZero().voxels == blackened.voxels)
        let within = try image.cropped(from: [10, 12, 14], to: [20, 24, 24])
        let lit = within.with(within.voxels.map { $0 + 0.3 * high })
        #expect(try lit.withAirAtZero().voxels == lit.voxels)
        // Few levels, a mask, and one value.
        let levels = changed(image) { ($0 / high * 4).rounded() }
        #expect(try levels.withAirAtZero().voxels == levels.voxels)
        let mask = changed(image) { $0 > 0.3 * high ? 1 : 0 }
        #expect(try mask.withAirAtZero().voxels == mask.voxels)
        // Narrow tissue above black air is not at an offset; within padding a single value is tissue.
        let narrow = changed(image) { $0 < 0.1 * high ? 0 : 1000 + 300 * $0 / high }
        #expect(try narrow.withAirAtZero().voxels == narrow.voxels)
        let two = changed(image) { $0 < 0.1 * high ? -32768 : 100 }
        #expect(try two.withAirAtZero().voxels == two.voxels.map { $0 == 100 ? 100 : 0 })
        let flat = changed(image) { _ in 7 }
        #expect(try flat.withAirAtZero().voxels == flat.voxels)
    }

    @Test(arguments: [-1000, -4096, 20_000, -12.5] as [Float])
    func offsetsAreTakenOff(offset: Float) throws {
        let (image, high) = try head()
        let found = try changed(image) { $0 + (offset == -12.5 ? -0.3 * high : offset) }.withAirAtZero()
        #expect(greatestDifference(found, image) < 0.02 * high)
    }

    @Test func standardisedImages() throws {
        let (image, high) = try head()
        let found = try image.normalized().withAirAtZero(), scale = high / (found.voxels.max() ?? 0)
        #expect(greatestDifference(changed(found) { $0 * scale }, image) < 0.02 * high)
        // The brain alone, standardised in itself: what is around it is 0, in the midst of its values.
        let brain = try Phantom.make(seed: 2, shape: [30, 36, 34], spacing: [7, 6.5, 7], options: .init(noise: 0.01)).mask
        let alone = try image.normalized(in: brain), stripped = alone.with(zip(alone.voxels, brain.voxels).map { $1 == 0 ? 0 : $0 })
        let lifted = try stripped.withAirAtZero()
        let within = zip(lifted.voxels, brain.voxels).filter { $0.1 != 0 }.map(\.0).sorted()
        #expect(zip(lifted.voxels, brain.voxels).allSatisfy { $1 != 0 || $0 == 0 })
        #expect(within[within.count / 20] > 0 && within[within.count / 2] > 1)
    }

    /// Padding of any value, and what is no number, hold no measurement.
    @Test(arguments: [-32768, 65535, 4095.5, .nan, .infinity] as [Float])
    func paddingBecomesAir(value: Float) throws {
        let (image, high) = try head()
        let padded = changed(image) { $0 < 0.1 * high ? value : $0 }, found = try padded.withAirAtZero()
        for (before, after) in zip(image.voxels, found.voxels) { #expect(after == (before < 0.1 * high ? 0 : before)) }
    }

    @Test func lostSignsAndInvertedBrightness() throws {
        let (image, high) = try head()
        #expect(try greatestDifference(changed(image) { -$0 }.withAirAtZero(), image) < 0.03 * high)
        #expect(try greatestDifference(changed(image) { 1.2 * high - $0 }.withAirAtZero(), image) < 0.03 * high)
        let black = changed(image) { $0 < 0.1 * high ? 0 : $0 }
        #expect(try changed(black) { -$0 }.withAirAtZero().voxels.map(abs) == black.voxels)
    }

    @Test func singleVoxelsThatAreNoNumbers() throws {
        var voxels = try head().image.voxels
        (voxels[5000], voxels[9000]) = (.nan, -.infinity)
        let found = try head().image.with(voxels).withAirAtZero()
        (voxels[5000], voxels[9000]) = (0, 0)
        #expect(found.voxels == voxels)
        let none = try changed(head().image) { _ in .nan }
        #expect(throws: IntensityError.notFinite(count: none.voxels.count, of: none.voxels.count, operation: "zero_air")) {
            try none.withAirAtZero()
        }
    }
}
