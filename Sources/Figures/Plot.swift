import Glibc
import Support

/// Line plots.
public enum Plot {
    /// Values against 1, 2, 3, …; a value that is not finite leaves a gap, and one alone between gaps is a dot.
    ///
    /// - Parameters:
    ///   - series: drawn in this order; the legend names each.
    ///   - width, height: in pixels, 300 … 4000.
    /// Throws `FigureError.noSeries`.
    public static func lines(
        title: String, xLabel: String, yLabel: String, series: [(name: String, values: [Double])], width: Int = 1100, height: Int = 640
    ) throws -> Figure {
        guard !series.isEmpty else { throw FigureError.noSeries }
        let finite = series.flatMap { $0.values.filter(\.isFinite) }
        let longest = series.map(\.values.count).max() ?? 0
        let frame = try Frame(
            width: max(300, min(width, 4000)), height: max(300, min(height, 4000)),
            x: Ticks(1, Double(max(longest, 1)), count: 10, whole: true, tight: true),
            y: Ticks(finite.min() ?? 0, finite.max() ?? 1, count: 6))
        frame.drawAxes(title: title, xLabel: xLabel, yLabel: yLabel)
        for (n, one) in series.enumerated() { frame.draw(one.values, Theme.series[n % Theme.series.count]) }
        frame.drawLegend(series.map(\.name))
        let points = "\(longest) point\(longest == 1 ? "" : "s")"
        return try frame.canvas.figure(title: "\(title.isEmpty ? "plot" : title) · \(series.count) series · \(points)")
    }
}

/// The axes of a plot and the place of their values.
final class Frame {
    let canvas: Canvas
    private let x: Ticks, y: Ticks
    private let font: Double
    private let left: Double, right: Double, top: Double, bottom: Double

    init(width: Int, height: Int, x: Ticks, y: Ticks) throws {
        canvas = try Canvas(width: width, height: height)
        self.x = x
        self.y = y
        font = max(9, min(Double(width) / 1100, Double(height) / 640) * 15)
        let widest = y.places.map { [canvas, font] in canvas.measure(y.label($0), size: font * 0.9) }.max() ?? 0
        left = font * 3.4 + widest
        right = Double(width) - font * 1.8
        top = font * 4.4
        bottom = Double(height) - font * 4
    }

    /// Where a value lies. Fractions are taken before differences, so that extreme values do not overflow.
    private func place(_ px: Double, _ py: Double) -> SIMD2<Double> {
        func fraction(_ v: Double, _ t: Ticks) -> Double { (v / 2 - t.low / 2) / (t.high / 2 - t.low / 2) }
        let u = fraction(px, x), v = fraction(py, y)
        return [left + u * (right - left), bottom - v * (bottom - top)]
    }

    func drawAxes(title: String, xLabel: String, yLabel: String) {
        for tick in y.places {
            let p = place(x.low, tick).y.rounded() + 0.5
            canvas.stroke([[[left, p], [right, p]]], width: font / 15, Theme.line.opacity(0.8))
            canvas.text(y.label(tick), x: left - font * 0.6, y: p + font * 0.32, size: font * 0.9, Theme.muted, anchor: .end)
        }
        // Labels that would touch are left out.
        var free = -Double.infinity
        for tick in x.places {
            let p = place(tick, y.low).x.rounded() + 0.5
            canvas.stroke([[[p, bottom], [p, bottom + font * 0.4]]], width: font / 15, Theme.muted)
            let label = x.label(tick), half = canvas.measure(label, size: font * 0.9) / 2
            if p - half > free {
                canvas.text(label, x: p, y: bottom + font * 1.5, size: font * 0.9, Theme.muted, anchor: .middle)
                free = p + half + font * 0.5
            }
        }
        canvas.stroke([[[left, bottom + 0.5], [right, bottom + 0.5]]], width: font / 15 * 1.2, Theme.muted)
        let room = Double(canvas.width) - left - font
        canvas.text(canvas.fitted(title, size: font * 1.2, width: room, bold: true), x: left, y: font * 2, size: font * 1.2, bold: true)
        canvas.text(
            canvas.fitted(xLabel, size: font * 0.95, width: right - left), x: (left + right) / 2, y: bottom + font * 3.1,
            size: font * 0.95, anchor: .middle)
        canvas.text(
            canvas.fitted(yLabel, size: font * 0.95, width: bottom - top), x: font * 1.6, y: (top + bottom) / 2, size: font * 0.95,
            anchor: .middle, turned: true)
    }

    func draw(_ values: [Double], _ colour: Colour) {
        var run: [SIMD2<Double>] = []
        // A few points are marked; many would hide the line.
        let marked = values.count <= 40
        func end() {
            if run.count > 1 { canvas.stroke([run], width: font / 15 * 2.2, colour) }
            if marked || run.count == 1 {
                for p in run { canvas.circle(x: p.x, y: p.y, radius: font / 15 * (run.count == 1 ? 4 : 3), colour) }
            }
            run = []
        }
        for (n, value) in values.enumerated() {
            if value.isFinite { run.append(place(Double(n + 1), value)) } else { end() }
        }
        end()
    }

    /// Names in the corner that the title leaves, in one row, each with its colour; those without room are counted.
    func drawLegend(_ names: [String]) {
        let size = font * 0.9, mark = font * 1.3
        let rowRoom = right - left
        var at = left
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
