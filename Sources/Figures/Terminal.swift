import Glibc

extension Figure {
    /// The picture in 24-bit half blocks (▀), at most `columns` characters wide and `rows` lines high, never larger than it is.
    /// Each character shows two pixels, one above the other; light is averaged over each one's area. Colours are reset at each line's end.
    public func terminal(columns: Int, rows: Int) -> String {
        let limitX = Double(max(1, min(columns, 1000))), limitY = Double(max(1, min(rows, 1000)) * 2)
        let scale = min(1, limitX / Double(width), limitY / Double(height))
        let across = max(1, Int((Double(width) * scale).rounded(.down)))
        let down = max(1, Int((Double(height) * scale).rounded(.down)))
        let small = averaged(columns: across, rows: down)
        var text = ""
        for row in stride(from: 0, to: down, by: 2) {
            var upper: UInt32?, lower: UInt32?
            for column in 0..<across {
                let top = small[column + row * across]
                if top != upper {
                    text += "\u{1b}[38;2;" + Self.components(top) + "m"
                    upper = top
                }
                if row + 1 < down {
                    let bottom = small[column + (row + 1) * across]
                    if bottom != lower {
                        text += "\u{1b}[48;2;" + Self.components(bottom) + "m"
                        lower = bottom
                    }
                }
                text += "▀"
            }
            text += "\u{1b}[0m\n"
        }
        return text
    }

    private static func components(_ p: UInt32) -> String { "\(p >> 16 & 255);\(p >> 8 & 255);\(p & 255)" }

    /// Shrunk by averaging the light (not the sRGB codes) of each output pixel's area.
    private func averaged(columns: Int, rows: Int) -> [UInt32] {
        let light = (0..<256).map { code -> Float in
            let c = Float(code) / 255
            return c <= 0.04045 ? c / 12.92 : powf((c + 0.055) / 1.055, 2.4)
        }
        func code(_ light: Float) -> UInt32 {
            let c = light <= 0.0031308 ? light * 12.92 : 1.055 * powf(light, 1 / 2.4) - 0.055
            return UInt32((min(max(c, 0), 1) * 255).rounded())
        }
        let across = Self.areas(from: width, to: columns), down = Self.areas(from: height, to: rows)
        var narrow = [SIMD3<Float>](repeating: .zero, count: columns * height)
        for y in 0..<height {
            for x in 0..<columns {
                var sum = SIMD3<Float>.zero
                for (i, weight) in across[x] {
                    let p = pixels[i + y * width]
                    sum += weight * SIMD3(light[Int(p >> 16 & 255)], light[Int(p >> 8 & 255)], light[Int(p & 255)])
                }
                narrow[x + y * columns] = sum
            }
        }
        var result: [UInt32] = []
        result.reserveCapacity(columns * rows)
        for y in 0..<rows {
            for x in 0..<columns {
                var sum = SIMD3<Float>.zero
                for (j, weight) in down[y] { sum += weight * narrow[x + j * columns] }
                result.append(code(sum.x) << 16 | code(sum.y) << 8 | code(sum.z))
            }
        }
        return result
    }

    /// For each output place, the input places that it covers and the share of each; the shares sum to 1.
    private static func areas(from: Int, to: Int) -> [[(Int, Float)]] {
        let ratio = Double(from) / Double(to)
        return (0..<to).map { place in
            let low = Double(place) * ratio, high = min(Double(from), Double(place + 1) * ratio)
            return (Int(low)..<max(Int(low) + 1, Int(high.rounded(.up)))).compactMap { i in
                let share = min(high, Double(i + 1)) - max(low, Double(i))
                return share > 0 && i < from ? (i, Float(share / (high - low))) : nil
            }
        }
    }
}
