import Figures
import Imaging
import Networks
import Support

/// One line about a volume or a mask.
enum VoxelText {
    /// "volume 256×256×192 · 1.00×1.00×1.00 mm · RAS · int16 · 0 … 1893"
    static func describe(_ v: Volume) -> String {
        let s = v.grid.spacing
        let spacing = (0..<3).map { Text.fixed(s[$0], 2) }.joined(separator: "×")
        return "volume \(Text.sizes(v.grid.shape)) · \(spacing) mm · \(v.grid.facing) · \(v.datatype.rawValue) · \(range(v))"
    }

    /// "mask 256×256×192 · 1.00×1.00×1.00 mm · RAS · 1,234,567 voxels · 1234.6 ml"
    static func describe(_ m: Mask) -> String {
        let s = m.grid.spacing
        let spacing = (0..<3).map { Text.fixed(s[$0], 2) }.joined(separator: "×")
        let n = count(m)
        return "mask \(Text.sizes(m.grid.shape)) · \(spacing) mm · \(m.grid.facing) · \(Text.grouped(n)) voxel\(n == 1 ? "" : "s")"
            + " · \(Text.fixed(millilitres(m), millilitres(m) < 1 ? 3 : 1)) ml"
    }

    static func count(_ m: Mask) -> Int {
        let parts = m.voxels.withUnsafeBufferPointer { voxels in
            let base = Unchecked(voxels)
            return Parallel.mapRanges(voxels.count) { range in
                var n = 0
                for i in range { n += Int(base.value[i]) }
                return n
            }
        }
        return parts.reduce(0, +)
    }

    /// A mask's volume, from its voxels and the determinant of its affine.
    static func millilitres(_ m: Mask) -> Double { millilitres(count(m), m.grid) }

    static func millilitres(_ voxels: Int, _ grid: Grid) -> Double { Double(voxels) * abs(grid.affine.determinant) / 1000 }

    private static func range(_ v: Volume) -> String {
        let parts: [(Float, Float, Bool)] = v.voxels.withUnsafeBufferPointer { voxels in
            let base = Unchecked(voxels)
            return Parallel.mapRanges(voxels.count) { range in
                var low = Float.infinity, high = -Float.infinity, odd = false
                for i in range {
                    let x = base.value[i]
                    if x < low { low = x }
                    if x > high { high = x }
                    odd = odd || x.isNaN
                }
                return (low, high, odd)
            }
        }
        let low = parts.reduce(Float.infinity) { min($0, $1.0) }, high = parts.reduce(-Float.infinity) { max($0, $1.1) }
        let hasNaN = parts.contains { $0.2 }
        if low > high { return "all nan" }
        return "\(Text.short(Double(low), 4, whole: true)) … \(Text.short(Double(high), 4, whole: true))" + (hasNaN ? " and nan" : "")
    }
}

extension Text {
    /// `digits` significant digits, but every digit of a whole number up to a billion.
    static func short(_ x: Double, _ digits: Int, whole: Bool) -> String {
        whole && x == x.rounded() && abs(x) < 1e9 ? String(Int(x)) : short(x, digits)
    }
}

/// One line about the values of other layers.
enum Payloads {
    static func describe(_ node: Node) -> String { node.summary }
    static func describe(_ model: Model) -> String { model.describe }
    static func describe(_ figure: Figure) -> String { figure.summary }
}
