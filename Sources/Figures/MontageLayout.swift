import Glibc
import Imaging
import Support

/// Where the parts of a montage lie, in pixels.
struct MontageLayout {
    let width: Int
    let height: Int
    let font: Double
    let margin: Double
    /// Pixels per millimetre, the same for all slices.
    let scale: Double
    /// The card of each slice, and the image inside it, as x, y, width, height.
    let cells: [SIMD4<Double>]
    let images: [SIMD4<Int>]
    /// Baselines.
    let titleLine: Double
    let captionLine: Double

    /// - Parameter extents: width and height of each slice in mm.
    init(extents: [SIMD2<Double>], columns asked: Int, titled: Bool, width: Int) {
        let most = Double(max(300, min(width, 4000)))
        let unit = most / 1500
        let font = max(9, 15 * unit)
        let margin = (20 * unit).rounded(), gap = (10 * unit).rounded(), pad = (font * 1.85).rounded()
        // A card has room for its label, so that there are only so many in a row.
        let leastWide = font * 8.4, leastHigh = font * 4
        let columns = max(1, min(asked, Int((most - 2 * margin + gap) / (leastWide + gap))))
        let head = titled ? (font * 2.6).rounded() : margin
        let foot = (font * 2.9).rounded()
        let rows = (extents.count + columns - 1) / columns
        // A column is as wide as its widest slice and a row as high as its highest.
        var wide = [Double](repeating: 0, count: columns), high = [Double](repeating: 0, count: rows)
        for (n, size) in extents.enumerated() {
            wide[n % columns] = max(wide[n % columns], size.x)
            high[n / columns] = max(high[n / columns], size.y)
        }
        let roomX = most - 2 * margin - Double(columns - 1) * gap - 2 * pad * Double(columns)
        let roomY = 1.5 * most - head - foot - Double(rows - 1) * gap - 2 * pad * Double(rows)
        // Very many slices leave no room; a pixel each is then the least.
        let scale = min(
            max(roomX, Double(columns)) / wide.reduce(0, +), max(roomY, Double(rows)) / high.reduce(0, +))
        func pixels(_ mm: Double) -> Double { max(1, (mm * scale).rounded()) }
        let cellWide = wide.map { max(pixels($0) + 2 * pad, leastWide) }, cellHigh = high.map { max(pixels($0) + 2 * pad, leastHigh) }
        let content = cellWide.reduce(0, +) + Double(columns - 1) * gap
        let total = max(content + 2 * margin, min(most, font * 50)).rounded()
        var cells: [SIMD4<Double>] = [], images: [SIMD4<Int>] = []
        let left = ((total - content) / 2).rounded()
        for (n, size) in extents.enumerated() {
            let column = n % columns, row = n / columns
            let x = left + cellWide[..<column].reduce(0, +) + Double(column) * gap
            let y = head + cellHigh[..<row].reduce(0, +) + Double(row) * gap
            cells.append([x, y, cellWide[column], cellHigh[row]])
            let w = pixels(size.x), h = pixels(size.y)
            images.append([
                Int((x + (cellWide[column] - w) / 2).rounded()), Int((y + (cellHigh[row] - h) / 2).rounded()), Int(w), Int(h),
            ])
        }
        let bottom = head + cellHigh.reduce(0, +) + Double(rows - 1) * gap
        self.width = Int(total)
        height = Int((bottom + foot).rounded())
        self.font = font
        self.margin = margin
        self.scale = scale
        self.cells = cells
        self.images = images
        titleLine = head - font * 0.8
        captionLine = bottom + font * 1.75
    }
}

extension Scene {
    /// Draws the slices into cards of `columns` a row.
    func draw(_ planes: [Plane], columns: Int, crosses: Bool, title: String?, width: Int, kind: String) throws -> Figure {
        let layout = MontageLayout(extents: planes.map { extent($0.axis) }, columns: columns, titled: title != nil, width: width)
        let canvas = try Canvas(width: layout.width, height: layout.height)
        for (n, plane) in planes.enumerated() {
            try Interrupt.check()
            draw(plane, on: canvas, layout, n, letters: crosses || n == 0, crosses: crosses)
        }
        let font = layout.font
        if let title {
            let shown = canvas.fitted(title, size: font * 1.2, width: Double(layout.width) - 2 * layout.margin, bold: true)
            canvas.text(shown, x: layout.margin, y: layout.titleLine, size: font * 1.2, bold: true)
        }
        let bar = drawScaleBar(on: canvas, layout)
        let sides = planes.contains { $0.axis != .sagittal } ? " · neurological: left is left" : ""
        let note = canvas.fitted(caption + sides, size: font * 0.86, width: bar - 2 * layout.margin)
        canvas.text(note, x: layout.margin, y: layout.captionLine, size: font * 0.86, Theme.muted)
        return try canvas.figure(title: "\(kind) · \(caption)")
    }

    private func draw(_ plane: Plane, on canvas: Canvas, _ layout: MontageLayout, _ n: Int, letters: Bool, crosses: Bool) {
        let cell = layout.cells[n], image = layout.images[n]
        let font = layout.font, unit = font / 15
        canvas.fill(x: cell.x, y: cell.y, width: cell.z, height: cell.w, radius: 6 * unit, Theme.panel)
        let grey = grey(plane).scaled(columns: image.z, rows: image.w)
        canvas.blit(grey.values, columns: image.z, rows: image.w, x: image.x, y: image.y)
        let x = Double(image.x), y = Double(image.y), w = Double(image.z), h = Double(image.w)
        if let mask {
            let cut = anatomy.slice(mask.voxels, across: plane.axis.index, at: plane.index, in: box)
            let step = SIMD2(w / Double(cut.columns), h / Double(cut.rows))
            let loops = cut.outline().map { $0.map { SIMD2(x, y) + $0 * step } }
            canvas.clipped(x: x, y: y, width: w, height: h) {
                canvas.fill(loops, Theme.mask.opacity(0.13))
                canvas.stroke(loops, closed: true, width: 1.7 * unit, Theme.mask)
            }
        }
        let (u, v) = Anatomy.inPlane(plane.axis.index)
        if crosses {
            // Where the other two views cut this one.
            let across = x + (Double(centre[u] - box.low[u]) + 0.5) / Double(box.size[u]) * w
            let up = y + (Double(box.high[v] - centre[v]) + 0.5) / Double(box.size[v]) * h
            let tick = 5 * unit
            let ticks: [[SIMD2<Double>]] = [
                [[across, y - 1 - tick], [across, y - 1]], [[across, y + h + 1], [across, y + h + 1 + tick]],
                [[x - 1 - tick, up], [x - 1, up]], [[x + w + 1, up], [x + w + 1 + tick, up]],
            ]
            canvas.stroke(ticks, width: 1.2 * unit, Colour(0x56B4E9))
        }
        let world = anatomy.position(of: plane.index, across: plane.axis.index)
        let name = ["x", "y", "z"][plane.axis.index]
        let place = "\(name) = \(Self.millimetres(world)) mm"
        let named = "\(plane.axis.rawValue)  \(place)"
        let hasRoom = canvas.measure(named, size: font * 0.86) <= cell.z - 18 * unit
        let label = crosses && hasRoom ? named : place
        canvas.text(label, x: cell.x + 9 * unit, y: cell.y + font * 1.25, size: font * 0.86, halo: true)
        if letters {
            let signs = [("L", "R"), ("P", "A"), ("I", "S")]
            let small = font * 0.86, middle = y + h / 2 + small * 0.36
            func letter(_ text: String, _ x: Double, _ y: Double) {
                canvas.text(text, x: x, y: y, size: small, Theme.muted, anchor: .middle, bold: true, halo: true)
            }
            let inset = font * 0.75
            letter(signs[u].0, cell.x + inset, middle)
            letter(signs[u].1, cell.x + cell.z - inset, middle)
            // Below the label where a narrow panel has no room beside it.
            let labelEnd = cell.x + 9 * unit + canvas.measure(label, size: small)
            letter(signs[v].1, x + w / 2, cell.y + font * (labelEnd < x + w / 2 - small ? 1.25 : 2.4))
            letter(signs[v].0, x + w / 2, cell.y + cell.w - font * 0.55)
        }
    }

    /// A bar of a round length at the bottom right; returns where it starts.
    private func drawScaleBar(on canvas: Canvas, _ layout: MontageLayout) -> Double {
        let length = Self.roundLength(below: 0.14 * Double(layout.width) / layout.scale)
        let pixels = length * layout.scale, font = layout.font
        let right = Double(layout.width) - layout.margin, y = layout.captionLine - font * 0.3
        let text = "\(Text.short(length, 6)) mm"
        let advance = canvas.measure(text, size: font * 0.86)
        canvas.text(text, x: right, y: layout.captionLine, size: font * 0.86, anchor: .end)
        let end = right - advance - font * 0.6
        let tall = font * 0.3
        canvas.stroke(
            [
                [[end - pixels, y], [end, y]], [[end - pixels, y - tall], [end - pixels, y + tall]], [[end, y - tall], [end, y + tall]],
            ],
            width: font / 15 * 1.8, Theme.text)
        return end - pixels
    }

    /// The largest of 1, 2 or 5 times a power of ten that is not above a length.
    static func roundLength(below length: Double) -> Double {
        let power = pow(10, floor(log10(max(length, 1e-12))))
        return power * (length >= 5 * power ? 5 : length >= 2 * power ? 2 : 1)
    }

    /// "−12.0", with a true minus and no negative zero.
    private static func millimetres(_ x: Double) -> String {
        let text = Text.fixed(abs(x), 1)
        return x < 0 && text != "0.0" ? "−" + text : text
    }
}
