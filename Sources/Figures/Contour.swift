extension Slice<UInt8> {
    /// The outline of the non-zero pixels as closed loops (marching squares at one half): points lie half-way between a pixel inside and its
    /// neighbour outside, so that a straight edge runs exactly along the pixels' border. In pixels; (0, 0) is the top left corner of the first one.
    /// Two pixels that touch at a corner alone are apart.
    package func outline() -> [[SIMD2<Double>]] {
        // Nodes are the points between neighbouring pixels of the image with a border of zeros around it. A cell has four nodes:
        // top and bottom between columns, left and right between rows.
        let wide = columns + 2, high = rows + 2
        func inside(_ x: Int, _ y: Int) -> Bool {
            x > 0 && y > 0 && x <= columns && y <= rows && values[(x - 1) + (y - 1) * columns] != 0
        }
        func betweenColumns(_ x: Int, _ y: Int) -> Int { 2 * (x + y * wide) }
        func betweenRows(_ x: Int, _ y: Int) -> Int { 2 * (x + y * wide) + 1 }
        // Directed so that the inside is on the left; each node starts at most one segment.
        var next: [Int: Int] = [:]
        for y in 0..<high - 1 {
            for x in 0..<wide - 1 {
                let code =
                    (inside(x, y) ? 8 : 0) | (inside(x + 1, y) ? 4 : 0) | (inside(x + 1, y + 1) ? 2 : 0) | (inside(x, y + 1) ? 1 : 0)
                if code == 0 || code == 15 { continue }
                let top = betweenColumns(x, y), bottom = betweenColumns(x, y + 1)
                let left = betweenRows(x, y), right = betweenRows(x + 1, y)
                switch code {
                case 1: next[bottom] = left
                case 2: next[right] = bottom
                case 3: next[right] = left
                case 4: next[top] = right
                case 6: next[top] = bottom
                case 7: next[top] = left
                case 8: next[left] = top
                case 9: next[bottom] = top
                case 11: next[right] = top
                case 12: next[left] = right
                case 13: next[bottom] = right
                case 14: next[left] = bottom
                case 5:
                    next[bottom] = left
                    next[top] = right
                default:
                    next[left] = top
                    next[right] = bottom
                }
            }
        }
        func point(_ node: Int) -> SIMD2<Double> {
            let x = Double(node / 2 % wide), y = Double(node / 2 / wide)
            // Pixel (x, y) of the bordered image has its centre at x − 1 + ½.
            return node % 2 == 0 ? [x, y - 0.5] : [x - 0.5, y]
        }
        var loops: [[SIMD2<Double>]] = []
        for start in next.keys.sorted() {
            guard next[start] != nil else { continue }
            var loop: [SIMD2<Double>] = []
            var node = start
            while let following = next.removeValue(forKey: node) {
                loop.append(point(node))
                node = following
            }
            loops.append(loop)
        }
        return loops
    }
}
