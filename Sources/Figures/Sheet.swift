/// Several pictures as one.
public enum Sheet {
    /// Pictures in rows of `columns`, each row as high and each column as wide as it has to be, on the background of montages, below a headline
    /// where one is given; `title` is the figure's own where there is none. Throws
    /// `FigureError.columns` for fewer than one column, `.noFigures` for no picture, and `.drawing` where the sheet would have more than 2²⁷
    /// pixels.
    public static func grid(_ figures: [Figure], columns: Int = 1, headline: String = "", title: String = "") throws -> Figure {
        guard columns >= 1 else { throw FigureError.columns(columns) }
        guard !figures.isEmpty else { throw FigureError.noFigures }
        let across = min(columns, figures.count), down = (figures.count + across - 1) / across
        var widths = [Int](repeating: 0, count: across), heights = [Int](repeating: 0, count: down)
        for (n, figure) in figures.enumerated() {
            widths[n % across] = max(widths[n % across], figure.width)
            heights[n / across] = max(heights[n / across], figure.height)
        }
        let width = widths.reduce(0, +)
        let above = headline.isEmpty ? 0 : Self.headHeight(width), height = above + heights.reduce(0, +)
        guard width < (1 << 27) / max(height, 1) else { throw FigureError.drawing(reason: "\(figures.count) pictures are too many for one sheet") }
        var pixels = [UInt32](repeating: figures[0].pixels.first ?? 0, count: width * height)
        if above > 0 { pixels.replaceSubrange(0..<width * above, with: try Self.head(headline, width: width).pixels) }
        for (n, figure) in figures.enumerated() {
            let column = n % across, row = n / across
            let left = widths[..<column].reduce(0, +) + (widths[column] - figure.width) / 2, top = above + heights[..<row].reduce(0, +)
            for y in 0..<figure.height {
                let to = left + (top + y) * width
                pixels.replaceSubrange(to..<to + figure.width, with: figure.pixels[y * figure.width..<(y + 1) * figure.width])
            }
        }
        return Figure(width: width, height: height, pixels: pixels, title: headline.isEmpty ? title : headline)
    }

    private static func headSize(_ width: Int) -> Double { max(14, min(28, Double(width) / 50)) }
    private static func headHeight(_ width: Int) -> Int { Int(2.2 * headSize(width)) }

    /// The line above the pictures.
    private static func head(_ text: String, width: Int) throws -> Figure {
        let size = headSize(width)
        // Cairo draws no more in a row; the rest of it is left empty.
        let drawn = min(width, 32_000)
        let canvas = try Canvas(width: drawn, height: headHeight(width))
        canvas.text(canvas.fitted(text, size: size, width: Double(drawn) - 2 * size, bold: true), x: size, y: 1.5 * size, size: size, bold: true)
        let line = try canvas.figure(title: text)
        if drawn == width { return line }
        var pixels = [UInt32](repeating: Theme.background.packed, count: width * line.height)
        for y in 0..<line.height { pixels.replaceSubrange(y * width..<y * width + drawn, with: line.pixels[y * drawn..<(y + 1) * drawn]) }
        return Figure(width: width, height: line.height, pixels: pixels, title: text)
    }
}
