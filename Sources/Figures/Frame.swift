import Support

/// The axes of a plot and the place of their values, across the whole width of a canvas.
final class Frame {
    private let canvas: Canvas
    private let x: Ticks, y: Ticks
    private let font: Double
    private let right: Double, top: Double, bottom: Double
    /// Where the axes begin: with room for the vertical one's labels, and no less where other panels need more.
    var left: Double
    /// Where the panel begins.
    private let start: Double

    init(_ canvas: Canvas, top start: Double, height: Double, _ panel: Plot.Panel) throws {
        self.canvas = canvas
        let points = try panel.series.flatMap { try panel.points($0) }.filter { $0.x.isFinite && $0.y.isFinite }
        let ys = points.map(\.y)
        if panel.logarithmic.x {
            x = Ticks(logarithmic: points.map(\.x).min() ?? 0, points.map(\.x).max() ?? 1)
        } else if panel.places != nil {
            x = Ticks(points.map(\.x).min() ?? 0, points.map(\.x).max() ?? 1, count: 10, tight: true)
        } else {
            x = Ticks(1, Double(max(panel.longest, 1)), count: 10, whole: true, tight: true)
        }
        y =
            panel.logarithmic.y
            ? Ticks(logarithmic: ys.min() ?? 0, ys.max() ?? 1) : Ticks(ys.min() ?? 0, ys.max() ?? 1, count: height < 400 ? 4 : 6)
        font = max(9, min(Double(canvas.width) / 1100, Double(canvas.height) / 640) * 15)
        let widest = y.places.map { [canvas, font, y] in canvas.measure(y.label($0), size: font * 0.9) }.max() ?? 0
        left = font * 3.4 + widest
        right = Double(canvas.width) - font * 1.8
        self.start = start
        top = start + font * (start > 0 ? 2.2 : 4.4)
        bottom = start + height - font * 4
    }

    /// Where a value lies. Fractions are taken before differences, so that extreme values do not overflow.
    private func place(_ p: SIMD2<Double>) -> SIMD2<Double> {
        func fraction(_ v: Double, _ t: Ticks) -> Double { (v / 2 - t.low / 2) / (t.high / 2 - t.low / 2) }
        let u = fraction(p.x, x), v = fraction(p.y, y)
        return [left + u * (right - left), bottom - v * (bottom - top)]
    }

    func drawAxes(title: String, xLabel: String, yLabel: String) {
        for tick in y.places {
            let p = place([x.low, tick]).y.rounded() + 0.5
            canvas.stroke([[[left, p], [right, p]]], width: font / 15, Theme.line.opacity(0.8))
            canvas.text(y.label(tick), x: left - font * 0.6, y: p + font * 0.32, size: font * 0.9, Theme.muted, anchor: .end)
        }
        // Labels that would touch are left out.
        var free = -Double.infinity
        for tick in x.places {
            let p = place([tick, y.low]).x.rounded() + 0.5
            canvas.stroke([[[p, bottom], [p, bottom + font * 0.4]]], width: font / 15, Theme.muted)
            let label = x.label(tick), half = canvas.measure(label, size: font * 0.9) / 2
            if p - half > free {
                canvas.text(label, x: p, y: bottom + font * 1.5, size: font * 0.9, Theme.muted, anchor: .middle)
                free = p + half + font * 0.5
            }
        }
        canvas.stroke([[[left, bottom + 0.5], [right, bottom + 0.5]]], width: font / 15 * 1.2, Theme.muted)
        let room = Double(canvas.width) - left - font
        canvas.text(
            canvas.fitted(title, size: font * 1.2, width: room, bold: true), x: left, y: start + font * 2, size: font * 1.2, bold: true)
        canvas.text(
            canvas.fitted(xLabel, size: font * 0.95, width: right - left), x: (left + right) / 2, y: bottom + font * 3.1,
            size: font * 0.95, anchor: .middle)
        canvas.text(
            canvas.fitted(yLabel, size: font * 0.95, width: bottom - top), x: font * 1.6, y: (top + bottom) / 2, size: font * 0.95,
            anchor: .middle, turned: true)
    }

    /// An upright line at a place of the horizontal axis.
    func drawMark(_ value: Double) {
        guard value >= x.low, value <= x.high else { return }
        let p = place([value, y.low]).x.rounded() + 0.5
        canvas.stroke([[[p, top], [p, bottom]]], width: font / 15 * 1.5, Theme.muted.opacity(0.6))
    }

    /// A line through points in the axes' own units. Throws `Interrupted`.
    /// - Parameter isArea: what is below the line is tinted, and its points are corners, not values of their own.
    func draw(_ points: [SIMD2<Double>], _ colour: Colour, isArea: Bool) throws {
        var run: [SIMD2<Double>] = []
        // A few points are marked; many would hide the line.
        let marked = points.count <= 40 && !isArea
        func end() throws {
            try Interrupt.check()
            if isArea, run.count > 1 {
                let ground = place([x.low, max(0, y.low)]).y
                canvas.fill([run + [[run[run.count - 1].x, ground], [run[0].x, ground]]], colour.opacity(0.25))
            }
            let line = Self.thinned(run)
            // The time of a stroke grows with the square of how often it crosses itself.
            for start in stride(from: 0, to: line.count - 1, by: 200) {
                try Interrupt.check()
                canvas.stroke([Array(line[start...min(start + 200, line.count - 1)])], width: font / 15 * 2.2, colour)
            }
            if marked || run.count == 1 {
                for p in run { canvas.circle(x: p.x, y: p.y, radius: font / 15 * (run.count == 1 ? 4 : 3), colour) }
            }
            run = []
        }
        for point in points { if point.x.isFinite, point.y.isFinite { run.append(place(point)) } else { try end() } }
        try end()
    }

    /// Each point as a dot; where there are many, smaller ones through which others are seen.
    func dot(_ points: [SIMD2<Double>], _ colour: Colour) throws {
        let isMany = points.count > 400
        for (n, point) in points.enumerated() {
            if n & 1023 == 0 { try Interrupt.check() }
            guard point.x.isFinite, point.y.isFinite else { continue }
            let p = place(point)
            canvas.circle(x: p.x, y: p.y, radius: font / 15 * (isMany ? 2 : 4), isMany ? colour.opacity(0.5) : colour)
        }
    }

    /// Of the points that follow one another in one column of pixels the first, the lowest, the highest and the last: the line looks the same.
    private static func thinned(_ run: [SIMD2<Double>]) -> [SIMD2<Double>] {
        var out: [SIMD2<Double>] = [], start = 0
        while start < run.count {
            var end = start + 1, low = start, high = start
            while end < run.count, run[end].x.rounded(.down) == run[start].x.rounded(.down) {
                if run[end].y < run[low].y { low = end }
                if run[end].y > run[high].y { high = end }
                end += 1
            }
            for i in Set([start, low, high, end - 1]).sorted() { out.append(run[i]) }
            start = end
        }
        return out
    }

    /// Names in the corner that the title leaves, in one row, each with its colour; those without room are counted.
    func drawLegend(_ names: [String]) {
        let size = font * 0.9, mark = font * 1.3
        let rowRoom = right - left
        var at = left
        // A list of numbers has no name to be told apart by.
        if names == [""] { return }
        for (n, name) in names.enumerated() {
            let shown = canvas.fitted(name, size: size, width: rowRoom / 3)
            let wide = mark + font * 0.5 + canvas.measure(shown, size: size)
            let line = top - font * 0.8
            if at + wide > right {
                canvas.text("+\(names.count - n)", x: at, y: line, size: size, Theme.muted)
                return
            }
            canvas.stroke(
                [[[at, line - size * 0.35], [at + mark, line - size * 0.35]]], width: font / 15 * 3, Theme.series[n % Theme.series.count])
            canvas.text(shown, x: at + mark + font * 0.5, y: line, size: size)
            at += wide + font * 1.6
        }
    }
}
