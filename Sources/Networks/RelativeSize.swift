/// The size of a tensor relative to the image's along each axis: a reduced fraction, or one voxel whatever the image's size is.
struct RelativeSize: Sendable, Equatable {
    private(set) var up = SIMD3<Int>.one
    private(set) var down = SIMD3<Int>.one
    private(set) var isVoxel = false

    /// The image's own size.
    static let image = RelativeSize()
    /// 1×1×1.
    static let voxel = RelativeSize(isVoxel: true)

    /// This size times `up` / `down`. Throws `NetworkError` where the fraction gets absurd, and for a single voxel, which has no other size.
    func scaled(up: SIMD3<Int>, down: SIMD3<Int>, layer: String) throws -> RelativeSize {
        if up == down { return self }
        if isVoxel { throw NetworkError.mismatch(layer: layer, detail: "a tensor of a single voxel cannot be made larger or smaller") }
        var size = self
        for axis in 0..<3 {
            let u = self.up[axis] * up[axis], d = self.down[axis] * down[axis], g = gcd(u, d)
            (size.up[axis], size.down[axis]) = (u / g, d / g)
            if max(u / g, d / g) > Limit.axis { throw NetworkError.graph("the graph changes sizes by more than \(Limit.axis) times") }
        }
        return size
    }

    static func difference(_ layer: String, _ a: RelativeSize, _ b: RelativeSize) -> NetworkError {
        .mismatch(layer: layer, detail: "cannot join a tensor of \(a.text) with one of \(b.text)")
    }

    /// "1/2 times the input's size", or "a single voxel".
    var text: String {
        if isVoxel { return "a single voxel" }
        func one(_ u: Int, _ d: Int) -> String { d == 1 ? "\(u)" : "\(u)/\(d)" }
        if up == SIMD3(repeating: up.x), down == SIMD3(repeating: down.x) { return one(up.x, down.x) + " times the input's size" }
        return (0..<3).map { one(up[$0], down[$0]) }.joined(separator: "×") + " times the input's size"
    }
}
