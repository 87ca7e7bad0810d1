/// Several pictures as one.
public enum Sheet {
    /// Pictures in rows of `columns`, each in a cell as large as the largest, on the background of montages. Throws `FigureError.columns` for fewer than one column,
    /// `FigureError.count` for no picture, and `FigureError.drawing` where the sheet would have more than 2²⁷ pixels.
    public static func grid(_ figures: [Figure], columns: Int = 1, title: String = "") throws -> Figure {
        guard columns >= 1 else { throw FigureError.columns(columns) }
        guard !figures.isEmpty else { throw FigureError.count(0) }
        let across = min(columns, figures.count), down = (figures.count + across - 1) / across
        let width = figures.map(\.width).max() ?? 0, height = figures.map(\.height).max() ?? 0
        guard width * across < 1 << 27 / (height * down) else { throw FigureError.drawing(reason: "\(figures.count) pictures are too many for one sheet") }
        var pixels = [UInt32](repeating: figures[0].pixels.first ?? 0, count: width * across * height * down)
        for (n, figure) in figures.enumerated() {
            let left = n % across * width + (width - figure.width) / 2, top = n / across * height
            for y in 0..<figure.height {
                let to = left + (top + y) * width * across
                pixels.replaceSubrange(to..<to + figure.width, with: figure.pixels[y * figure.width..<(y + 1) * figure.width])
            }
        }
        return Figure(width: width * across, height: height * down, pixels: pixels, title: title)
    }
}
