import Networks
import Testing

/// Convolutions that read joined, normalised and dropped-out tensors, and write sums and parts, against the same in passes of their own.
@Suite struct FusedEndsTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let parts: [Int]
        let filters, kernel: Int
        let shape: SIMD3<Int>
        let batch: Int
        var testDescription: String { "\(parts) → \(filters), \(kernel)³, \(shape), batch \(batch)" }
    }

    @Test(arguments: [
        // Winograd's algorithm, with 16 and 8 channels a block; then direct sweeps.
        Case(parts: [16, 32], filters: 16, kernel: 3, shape: SIMD3(13, 10, 9), batch: 2),
        Case(parts: [8], filters: 8, kernel: 3, shape: SIMD3(11, 9, 8), batch: 1),
        Case(parts: [16], filters: 17, kernel: 3, shape: SIMD3(9, 8, 33), batch: 1),
        Case(parts: [16, 16, 16], filters: 8, kernel: 1, shape: SIMD3(7, 5, 6), batch: 2),
        Case(parts: [16, 16], filters: 3, kernel: 3, shape: SIMD3(6, 5, 7), batch: 1),
        // A single channel: whole pieces of lines, and what is left at the ends of each axis.
        Case(parts: [1], filters: 16, kernel: 3, shape: SIMD3(41, 9, 7), batch: 2),
        Case(parts: [1], filters: 17, kernel: 3, shape: SIMD3(64, 8, 36), batch: 1),
        Case(parts: [8], filters: 16, kernel: 5, shape: SIMD3(5, 6, 7), batch: 2),
    ])
    func equalSeparatePasses(_ c: Case) throws {
        let found = try ConvolutionProbe.run(parts: c.parts, filters: c.filters, kernel: c.kernel, shape: c.shape, batch: c.batch)
        // The same operations in the same order, so nothing may differ.
        #expect(found.output.fused == found.output.separate)
        #expect(found.weightGradient.fused == found.weightGradient.separate)
        #expect(found.inputGradient.fused == found.inputGradient.separate)
        #expect(Set(found.output.separate).count > 100 && Set(found.inputGradient.separate).count > 100)
        #expect(found.sum.count == c.filters)
        for (channel, values) in found.channels.enumerated() {
            let size = values.reduce(0.0) { $0 + Double($1) * Double($1) }
            #expect(abs(found.sum[channel] - values.reduce(0.0) { $0 + Double($1) }) < 1e-10 * size)
            #expect(abs(found.squares[channel] - size) < 1e-10 * size)
        }
    }
}
