import CKernels
import Imaging
import Kernels
import Support
import Testing

/// The steps of voxel expressions in each instruction set, and what consumes an expression beside what consumes its stored image.
@Suite struct VoxelExpressionTests {
    /// Numbers of all kinds, those that arithmetic is undecided about among them.
    private static let numbers: [Float] = {
        let odd: [Float] = [.nan, .infinity, -.infinity, 0, -0.0, .leastNonzeroMagnitude, -.greatestFiniteMagnitude, 1, -1, 0.5, 1.5, 2.5, -0.5]
        return (0..<272).map { $0 % 3 == 0 ? odd[$0 / 3 % odd.count] : Float(($0 * 7919) % 1009) * 0.37 - 181 }
    }()

    private static let operations: [(SKVoxelOperation, @Sendable (Float, Float) -> Float)] = [
        (.add, { $0 + $1 }), (.subtract, { $0 - $1 }), (.multiply, { $0 * $1 }), (.divide, { $0 / $1 }), (.square, { x, _ in x * x }), (.negate, { x, _ in -x }),
        (.abs, { x, _ in x.magnitude }), (.sqrt, { x, _ in x.squareRoot() }), (.round, { x, _ in x.rounded(.toNearestOrEven) }),
        (.floor, { x, _ in x.rounded(.down) }), (.ceil, { x, _ in x.rounded(.up) }), (.least, { $0 < $1 ? $0 : $1 }), (.greatest, { $0 > $1 ? $0 : $1 }),
    ]
    private static let comparisons: [(SKVoxelOperation, @Sendable (Float, Float) -> Bool)] = [
        (.less, { $0 < $1 }), (.lessOrEqual, { $0 <= $1 }), (.greater, { $0 > $1 }), (.greaterOrEqual, { $0 >= $1 }), (.equal, { $0 == $1 }), (.notEqual, { $0 != $1 }),
    ]

    private func same(_ a: Float, _ b: Float) -> Bool { a.bitPattern == b.bitPattern || a.isNaN && b.isNaN }

    /// Images and one number on either side; stores that pass the caches; a result that takes the place of an operand.
    @Test(arguments: Kernels.available) func stepsOfNumbersAreThoseOfSingleNumbers(_ set: Kernels.InstructionSet) throws {
        let step = try #require(Kernels.images(set)).voxelStep
        let n = 256, shift = 5
        let out = UnsafeMutableRawPointer.allocate(byteCount: 4 * n + 64, alignment: 64)
        defer { out.deallocate() }
        try Self.numbers.withUnsafeBytes { all in
            let a = try #require(all.baseAddress), b = a + 4 * shift
            for number in [nil, Float(2.5), .nan, -0.0] {
                var one = [Float](repeating: number ?? 0, count: 16)
                for isLeft in [false, true] where number != nil || !isLeft {
                    for streams: Int32 in [0, 1] {
                        one.withUnsafeMutableBytes { one in
                            let constant = UnsafeRawPointer(one.baseAddress!)
                            func run(_ operation: SKVoxelOperation) {
                                var call = SKVoxelStep(
                                    operation: operation, a: number != nil && isLeft ? constant : a, aStep: number != nil && isLeft ? 0 : 1,
                                    b: number != nil && !isLeft ? constant : b, bStep: number != nil && !isLeft ? 0 : 1, out: out, count: Int64(n), streams: streams)
                                step(&call)
                            }
                            func operands(_ i: Int) -> (Float, Float) {
                                (isLeft ? number ?? 0 : Self.numbers[i], isLeft || number == nil ? Self.numbers[i + shift] : number ?? 0)
                            }
                            for (operation, single) in Self.operations where !isLeft || [.add, .subtract, .multiply, .divide, .least, .greatest].contains(operation) {
                                run(operation)
                                for i in 0..<n {
                                    let (x, y) = operands(i), found = out.load(fromByteOffset: 4 * i, as: Float.self)
                                    #expect(same(found, single(x, y)), "\(operation) of \(x) and \(y): \(found)")
                                }
                            }
                            for (operation, single) in Self.comparisons {
                                run(operation)
                                for i in 0..<n {
                                    let (x, y) = operands(i)
                                    #expect(out.load(fromByteOffset: i, as: UInt8.self) == (single(x, y) ? 1 : 0), "\(operation) of \(x) and \(y)")
                                }
                            }
                        }
                    }
                }
            }
            out.copyMemory(from: a, byteCount: 4 * n)
            var call = SKVoxelStep(operation: .subtract, a: out, aStep: 1, b: b, bStep: 1, out: out, count: Int64(n), streams: 0)
            step(&call)
            for i in 0..<n { #expect(same(out.load(fromByteOffset: 4 * i, as: Float.self), Self.numbers[i] - Self.numbers[i + shift])) }
        }
    }

    @Test(arguments: Kernels.available) func stepsOfTruths(_ set: Kernels.InstructionSet) throws {
        let step = try #require(Kernels.images(set)).voxelStep
        let n = 64, p = (0..<n).map { UInt8($0 & 1) }, q = (0..<n).map { UInt8($0 >> 1 & 1) }
        var out = [UInt8](repeating: 9, count: n + 1), wide = [Float](repeating: 9, count: n + 1)
        let operations: [(SKVoxelOperation, (UInt8, UInt8) -> UInt8)] = [
            (.and, { $0 & $1 }), (.or, { $0 | $1 }), (.exclusiveOr, { $0 ^ $1 }), (.complement, { x, _ in 1 - x }),
        ]
        p.withUnsafeBytes { p in
            q.withUnsafeBytes { q in
                for (operation, single) in operations {
                    out.withUnsafeMutableBytes { out in
                        var call = SKVoxelStep(
                            operation: operation, a: p.baseAddress!, aStep: 1, b: q.baseAddress!, bStep: 1, out: out.baseAddress!, count: Int64(n), streams: 0)
                        step(&call)
                    }
                    #expect(out == (0..<n).map { single(p[$0], q[$0]) } + [9])
                }
                wide.withUnsafeMutableBytes { out in
                    var call = SKVoxelStep(
                        operation: .widen, a: p.baseAddress!, aStep: 1, b: p.baseAddress!, bStep: 1, out: out.baseAddress!, count: Int64(n), streams: 0)
                    step(&call)
                }
                #expect(wide == p.map { Float($0) } + [9])
            }
        }
    }

    /// Sizes that are no multiple of a vector, a strip or a piece, and one whose result passes the caches; to the bit.
    @Test(arguments: [SIMD3(1, 1, 1), SIMD3(5, 3, 7), SIMD3(33, 31, 1), SIMD3(67, 43, 29), SIMD3(211, 203, 199)])
    func reductionsAreThoseOfTheStoredImage(_ shape: SIMD3<Int>) throws {
        let grid = try Grid(shape: shape, affine: Affine(spacing: SIMD3(1, 1, 1)))
        let v = Volume(grid: grid, voxels: (0..<grid.count).map { Float(($0 &* 7919) % 4093) * 0.37 - 91 }, datatype: .int16)
        let w = Volume(grid: grid, voxels: (0..<grid.count).map { Float(($0 &* 104_729) % 997) * 1.7 })
        let x = try VoxelExpression.arithmetic(.subtract, .expression(VoxelExpression(v)), .expression(VoxelExpression(w)))
        let inside = try VoxelExpression.comparison(.greaterOrEqual, .expression(x), .number(-300))
        let masked = try VoxelExpression.arithmetic(.multiply, .expression(x), .expression(inside))
        let stored = try masked.volume(), mask = try inside.mask()
        for i in stride(from: 0, to: grid.count, by: 1 + grid.count / 997) {
            let difference = v.voxels[i] - w.voxels[i]
            #expect(stored.voxels[i] == difference * (difference >= -300 ? 1 : 0) && mask.voxels[i] == (difference >= -300 ? 1 : 0))
        }
        #expect(stored.voxels[grid.count - 1] == (v.voxels[grid.count - 1] - w.voxels[grid.count - 1]) * Float(mask.voxels[grid.count - 1]))
        #expect(try masked.statistics() == stored.statistics())
        #expect(try masked.sum() == VoxelExpression(stored).sum())
        #expect(try masked.statistics(in: mask) == stored.statistics(in: mask))
        #expect(try masked.sum(in: mask) == VoxelExpression(stored).sum(in: mask))
        #expect(try inside.count() == mask.voxels.reduce(0) { $0 + Int($1) } && VoxelExpression(mask).count() == inside.count())
        #expect(try inside.complement.count() == grid.count - inside.count())
        let sum = stored.voxels.reduce(0) { $0 + Double($1) }
        #expect(abs(try masked.sum() - sum) <= 1e-9 * stored.voxels.reduce(0) { $0 + Double(abs($1)) })
    }

    @Test func whatIsNotFiniteIsCounted() throws {
        let grid = try Grid(shape: SIMD3(9, 5, 3), affine: Affine(spacing: SIMD3(1, 1, 1)))
        let v = VoxelExpression(Volume(grid: grid, voxels: (0..<grid.count).map { Float($0 % 5) }))
        let inverse = try VoxelExpression.arithmetic(.divide, .number(1), .expression(v))
        #expect(throws: IntensityError.notFinite(count: 27, of: 135, operation: "statistics")) { try inverse.statistics() }
        #expect(throws: IntensityError.notFinite(count: 27, of: 135, operation: "sum")) { try inverse.sum() }
        let nowhere = try VoxelExpression.comparison(.less, .expression(v), .number(0)).mask()
        #expect(throws: IntensityError.emptyMask(operation: "statistics")) { try v.statistics(in: nowhere) }
        #expect(try v.sum(in: nowhere) == 0)
        let other = Mask(grid: try Grid(shape: SIMD3(9, 5, 4), affine: Affine(spacing: SIMD3(1, 1, 1))), voxels: [UInt8](repeating: 1, count: 180))
        #expect(throws: GridError.self) { try v.sum(in: other) }
    }
}
