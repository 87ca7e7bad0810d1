import Imaging
import Support
import Testing

/// Results that must not depend on the order in which voxels are stored.
@Suite struct OrientationTests {
    /// All 48 orders and directions of three axes.
    private static let codes: [String] = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]].flatMap { order in
        (0..<8).map { signs in order.map { axis in String(Array(["RL", "AP", "SI"][axis])[signs >> axis & 1]) }.joined() }
    }

    private static let head = Result {
        try Phantom.make(seed: 6, shape: [42, 52, 49], spacing: [4, 4, 4], options: .init(noise: 0.04, bias: 0.3)).image
    }

    @Test func ordersAreUndone() throws {
        let v = try noise([3, 4, 5], seed: 2)
        for code in Self.codes {
            let order = try AxisOrder(from: v.grid.affine, to: code)
            let back = try v.ordered(order).ordered(order.inverse)
            #expect(back.voxels == v.voxels && back.grid.distance(to: v.grid) < 1e-12)
        }
    }

    /// Bit for bit.
    @Test func theBrainIsOne() throws {
        let image = try Self.head.get()
        var options = BET.Options()
        (options.iterations, options.centre) = (150, [3, -4, 5])
        let brain = try BET.extract(image, options: options)
        #expect(brain.count > 1000)
        for code in Self.codes {
            let other = try BET.extract(image.reoriented(to: code), options: options)
            #expect(try other.grid == image.reoriented(to: code).grid)
            #expect(try other.reoriented(to: image.grid.orientation).voxels == brain.voxels, "\(code)")
        }
    }

    /// To rounding. Thinning by 3 and 4 leaves no middle on some of these axes.
    @Test(arguments: [[3, 3, 3], [4, 4, 4]] as [SIMD3<Int>]) func theFieldIsOne(shrink: SIMD3<Int>) throws {
        let image = try Self.head.get()
        var options = N4.Options()
        (options.shrink, options.iterations, options.convergence) = (shrink, [6, 4, 3], 0)
        let field = try N4.correct(image, options: options).field()
        #expect(try field.statistics().std > 0.02)
        for code in Self.codes {
            let other = try N4.correct(image.reoriented(to: code), options: options).field().reoriented(to: image.grid.orientation)
            let worst = zip(field.voxels, other.voxels).map { abs($0 / $1 - 1) }.max() ?? .infinity
            #expect(worst < 2e-4, "\(code): \(worst)")
        }
    }
}
