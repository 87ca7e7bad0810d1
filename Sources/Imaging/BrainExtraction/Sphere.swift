import Glibc

/// A sphere of triangles: an icosahedron each of whose triangles is divided into four, again and again.
struct Sphere {
    /// Vertices on the unit sphere.
    private(set) var vertices: [SIMD3<Double>]
    /// Triangles, counterclockwise as seen from outside.
    private(set) var triangles: [SIMD3<Int32>]
    /// The neighbours of vertex v, counterclockwise: ring[6·v ..< 6·v + degree[v]] (twelve vertices have five, the others six).
    private(set) var ring: [Int32] = []
    private(set) var degree: [Int] = []

    /// 10·4ⁿ + 2 vertices for n divisions.
    init(divisions: Int) {
        let g = (1 + 5.0.squareRoot()) / 2
        vertices = [
            [-1, g, 0], [1, g, 0], [-1, -g, 0], [1, -g, 0], [0, -1, g], [0, 1, g], [0, -1, -g], [0, 1, -g], [g, 0, -1], [g, 0, 1],
            [-g, 0, -1], [-g, 0, 1],
        ].map { (v: SIMD3<Double>) in v.normalised }
        // The triangles of an icosahedron are the triples of vertices that are all neighbours.
        let edge = ((vertices[0] - vertices[1]) * (vertices[0] - vertices[1])).sum() * 1.01
        func near(_ a: Int, _ b: Int) -> Bool { ((vertices[a] - vertices[b]) * (vertices[a] - vertices[b])).sum() < edge }
        triangles = []
        for a in 0..<12 {
            for b in a + 1..<12 where near(a, b) {
                for c in b + 1..<12 where near(a, c) && near(b, c) {
                    let outward = (vertices[a] * (vertices[b].cross(vertices[c]))).sum() > 0
                    triangles.append(outward ? [Int32(a), Int32(b), Int32(c)] : [Int32(a), Int32(c), Int32(b)])
                }
            }
        }
        for _ in 0..<divisions { divide() }
        connect()
    }

    private mutating func divide() {
        var middles: [SIMD2<Int32>: Int32] = [:]
        func middle(_ a: Int32, _ b: Int32) -> Int32 {
            let key = SIMD2(min(a, b), max(a, b))
            if let known = middles[key] { return known }
            vertices.append((vertices[Int(a)] + vertices[Int(b)]).normalised)
            middles[key] = Int32(vertices.count - 1)
            return Int32(vertices.count - 1)
        }
        triangles = triangles.flatMap { t -> [SIMD3<Int32>] in
            let ab = middle(t.x, t.y), bc = middle(t.y, t.z), ca = middle(t.z, t.x)
            return [[t.x, ab, ca], [t.y, bc, ab], [t.z, ca, bc], [ab, bc, ca]]
        }
    }

    private mutating func connect() {
        var follows = [[Int32: Int32]](repeating: [:], count: vertices.count)
        for t in triangles {
            follows[Int(t.x)][t.y] = t.z
            follows[Int(t.y)][t.z] = t.x
            follows[Int(t.z)][t.x] = t.y
        }
        ring = [Int32](repeating: 0, count: 6 * vertices.count)
        for v in vertices.indices {
            degree.append(follows[v].count)
            guard var next = follows[v].keys.min() else { continue }
            for i in 0..<follows[v].count {
                ring[6 * v + i] = next
                next = follows[v][next]!
            }
        }
    }
}

extension SIMD3<Double> {
    /// The length.
    var norm: Double { (self * self).sum().squareRoot() }
    /// Of length 1; zero stays zero.
    var normalised: SIMD3 {
        let length = norm
        return length > 0 ? self / length : self
    }
    func cross(_ b: SIMD3) -> SIMD3 { [y * b.z - z * b.y, z * b.x - x * b.z, x * b.y - y * b.x] }
}
