import Networks
import Support
import Testing

@Suite struct SlidingWindowTests {
    /// Boxes cover every voxel, overlap as much as was asked, and none reaches beyond the end unless it is longer than the axis.
    @Test func boxesCoverTheAxis() {
        for n in 1...40 {
            for window in [1, 2, 3, 5, 8, 16, 50] {
                for overlap in [0, 0.25, 0.5, 0.75, 0.9] {
                    let starts = SlidingWindow.starts(n, window: window, overlap: overlap)
                    #expect(starts.first == 0)
                    #expect(starts.last == max(0, n - window))
                    for (a, b) in zip(starts, starts.dropFirst()) {
                        #expect(a < b && b - a <= max(1, Int(Double(window) * (1 - overlap))), "\(n) \(window) \(overlap)")
                    }
                }
            }
        }
        #expect(SlidingWindow.starts(100, window: 40, overlap: 0.5) == [0, 20, 40, 60])
    }

    /// The weighted mean, box by box and voxel by voxel in doubles.
    @Test(arguments: [(SIMD3(6, 8, 4), 0.5), (SIMD3(4, 4, 4), 0.0), (SIMD3(12, 6, 20), 0.75), (SIMD3(2, 14, 6), 0.9)])
    func equalsTheSlowMean(_ window: SIMD3<Int>, _ overlap: Double) throws {
        let model = try unet(filters: 2, depth: 1, seed: 6), shape = SIMD3(11, 13, 10)
        let random = CounterRandom(seed: 2)
        let image = (0..<shape.x * shape.y * shape.z).map { Float(random.uniform(at: UInt64($0))) }
        let found = try model.predict(image, shape: shape, windows: SlidingWindow(shape: window, overlap: overlap))

        // No box is longer than the image, rounded up to what the network divides.
        let box = SIMD3(min(window.x, 12), min(window.y, 14), min(window.z, 10))
        let weights = (0..<3).map { axis in SlidingWindow.weights(box[axis]).map(Double.init) }
        var sum = [Double](repeating: 0, count: image.count), total = sum
        let starts = (0..<3).map { SlidingWindow.starts(shape[$0], window: box[$0], overlap: overlap) }
        for z in starts[2] {
            for y in starts[1] {
                for x in starts[0] {
                    var part = [Float](repeating: 0, count: box.x * box.y * box.z)
                    func each(_ body: (_ inBox: Int, _ inImage: Int, _ weight: Double) -> Void) {
                        for k in 0..<box.z where z + k < shape.z {
                            for j in 0..<box.y where y + j < shape.y {
                                for i in 0..<box.x where x + i < shape.x {
                                    body(
                                        (k * box.y + j) * box.x + i, ((z + k) * shape.y + y + j) * shape.x + x + i,
                                        weights[0][i] * weights[1][j] * weights[2][k])
                                }
                            }
                        }
                    }
                    each { inBox, inImage, _ in part[inBox] = image[inImage] }
                    let p = try model.predict(part, shape: box)
                    each { inBox, inImage, weight in
                        sum[inImage] += weight * Double(p[inBox])
                        total[inImage] += weight
                    }
                }
            }
        }
        for i in image.indices { #expect(abs(Double(found[i]) - sum[i] / total[i]) < 2e-6) }
    }

    @Test func oneBoxIsTheWholeImage() throws {
        let model = try unet(filters: 2, depth: 1, seed: 6), shape = SIMD3(7, 6, 5)
        let image = (0..<210).map { Float($0 % 11) }
        let whole = try model.predict(image, shape: shape)
        #expect(try model.predict(image, shape: shape, windows: SlidingWindow(shape: SIMD3(64, 64, 64))) == whole)
    }

    /// The Gaussian of nnU-Net: a deviation of an eighth of the box, the middle weighs most.
    @Test func weightsAreGaussian() {
        let w = SlidingWindow.weights(9)
        #expect(w[4] == 1)
        #expect(w == w.reversed())
        #expect(abs(w[5] - 0.673_638) < 1e-5)
        #expect(abs(w[0] - 0.001_798_2) < 1e-6)
    }

    @Test func badWindowsAreErrors() throws {
        let model = try unet(filters: 2, depth: 2), image = [Float](repeating: 0, count: 512), shape = SIMD3(8, 8, 8)
        for (window, overlap) in [
            (SIMD3(0, 4, 4), 0.5), (SIMD3(4, 4, 6), 0.5), (SIMD3(4, 4, 4), -0.1), (SIMD3(4, 4, 4), 0.95), (SIMD3(4, 4, 4), .nan),
        ] {
            #expect(throws: NetworkError.self) {
                try model.predict(image, shape: shape, windows: SlidingWindow(shape: window, overlap: overlap))
            }
        }
        #expect(throws: NetworkError.self) { try model.predict([1], shape: shape, windows: SlidingWindow(shape: SIMD3(4, 4, 4))) }
    }
}
