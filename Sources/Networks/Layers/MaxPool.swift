/// The largest value of each window; windows do not overlap, and voxels beyond the last whole window are dropped.
/// Among equal values the first in memory order receives the gradient.
struct MaxPool: Layer {
    static let kind = "maxpool"
    let size: SIMD3<Int>

    init(size: SIMD3<Int>) throws {
        self.size = size
        try check("size", size, 1...Limit.stride)
    }
    init(attributes: Attributes) throws { try self.init(size: attributes.triple("size")) }
    var attributes: [(name: String, value: JSON)] { [("size", .triple(size))] }

    func shape(_ inputs: [SIMD3<Int>]) throws -> SIMD3<Int> {
        let shape = inputs[0] / size
        if shape.min() < 1 {
            throw NetworkError.mismatch(layer: kind, detail: "windows of \(text(size)) do not fit into \(text(inputs[0]))")
        }
        return shape
    }
    var scale: (up: SIMD3<Int>, down: SIMD3<Int>) { (.one, size) }
}
