import Glibc
import Support

/// Plots of lines and of points.
public enum Plot {
    /// Values along a line; a value that is not finite leaves a gap, and one alone between gaps is a dot.
    public struct Series: Sendable {
        /// In the legend.
        public var name: String
        /// In the order of the line.
        public var values: [Double]

        /// `values` lie at 1, 2, 3, … or at the places of their panel.
        public init(_ name: String, _ values: [Double]) { (self.name, self.values) = (name, values) }
    }

    /// A pair of axes with its lines.
    public struct Panel: Sendable {
        /// The vertical axis' label.
        public var label: String
        /// Its lines, drawn in this order.
        public var series: [Series]
        /// Where the values lie along the horizontal axis; nil for 1, 2, 3, …
        public var places: [Double]?
        /// Whether an axis has steps of factors; what is not above 0 is then left out.
        public var logarithmic: (x: Bool, y: Bool)
        /// A place that is marked by an upright line.
        public var mark: Double?
        /// Whether the values are counts between each place and the next, of which there is one more: drawn as steps from 0 and back, tinted below.
        public var isHistogram = false
        /// Whether each value is a dot of its own, without a line.
        public var isScatter = false

        /// Linear axes unless told otherwise.
        public init(
            _ label: String, _ series: [Series], places: [Double]? = nil, logarithmic: (x: Bool, y: Bool) = (false, false),
            mark: Double? = nil
        ) {
            (self.label, self.series, self.places, self.logarithmic, self.mark) = (label, series, places, logarithmic, mark)
        }

        /// The mark in the horizontal axis' own units.
        var markPlace: Double? { mark.flatMap { logarithmic.x ? ($0 > 0 ? log10($0) : nil) : $0 } }

        var longest: Int { series.map(\.values.count).max() ?? 0 }

        /// A series as points in the axes' own units.
        func points(_ one: Series) throws -> [SIMD2<Double>] {
            func scaled(_ v: Double, _ logarithmic: Bool) -> Double { logarithmic ? (v > 0 ? log10(v) : .nan) : v }
            if isHistogram, let places {
                return places.enumerated().flatMap { n, x in
                    [n - 1, n].map { [scaled(x, logarithmic.x), one.values.indices.contains($0) ? scaled(one.values[$0], logarithmic.y) : 0] }
                }
            }
            return try Interrupt.map(one.values.enumerated()) { n, value in
                let x = places.map { n < $0.count ? $0[n] : .nan } ?? Double(n + 1)
                return [scaled(x, logarithmic.x), scaled(value, logarithmic.y)]
            }
        }
    }

    /// Values against 1, 2, 3, … or against places of their own.
    ///
    /// - Parameters:
    ///   - series: drawn in this order; the legend names each.
    ///   - places: where the values lie along the horizontal axis.
    ///   - isScatter: dots rather than lines.
    ///   - width, height: in pixels, 300 … 4000.
    /// Throws `FigureError.noSeries`, `Interrupted`.
    public static func lines(
        title: String, xLabel: String, yLabel: String, series: [(name: String, values: [Double])], places: [Double]? = nil, isScatter: Bool = false,
        width: Int = 1100, height: Int = 640
    ) throws -> Figure {
        var panel = Panel(yLabel, series.map { Series($0.name, $0.values) }, places: places)
        panel.isScatter = isScatter
        return try panels(title: title, xLabel: xLabel, [panel], width: width, height: height)
    }

    /// Panels one above the other, the first one the tallest. The horizontal axis is theirs together if none has places of its own.
    ///
    /// Throws `FigureError.noSeries`, `Interrupted`.
    public static func panels(title: String, xLabel: String, _ panels: [Panel], width: Int = 1100, height: Int? = nil) throws -> Figure {
        guard !panels.isEmpty, panels.allSatisfy({ !$0.series.isEmpty }) else { throw FigureError.noSeries }
        let width = max(300, min(width, 4000)), height = max(300, min(height ?? 340 + 300 * panels.count, 4000))
        let canvas = try Canvas(width: width, height: height)
        let share = panels.count == 1 ? 1 : 1 / (Double(panels.count) + 0.3)
        func tall(_ n: Int) -> Double { Double(height) * share * (n == 0 && panels.count > 1 ? 1.3 : 1) }
        var top = 0.0
        let frames = try panels.enumerated().map { n, panel in
            defer { top += tall(n) }
            return try Frame(canvas, top: top, height: tall(n), panel)
        }
        let margin = frames.map(\.left).max() ?? 0
        for (n, (frame, panel)) in zip(frames, panels).enumerated() {
            frame.left = margin
            frame.drawAxes(title: n == 0 ? title : "", xLabel: n == panels.count - 1 ? xLabel : "", yLabel: panel.label)
            if let mark = panel.markPlace { frame.drawMark(mark) }
            for (k, one) in panel.series.enumerated() {
                let points = try panel.points(one), colour = Theme.series[k % Theme.series.count]
                if panel.isScatter { try frame.dot(points, colour) } else { try frame.draw(points, colour, isArea: panel.isHistogram) }
            }
            frame.drawLegend(panel.series.map(\.name))
        }
        let count = panels.reduce(0) { $0 + $1.series.count }, longest = panels.map(\.longest).max() ?? 0
        let word = panels[0].isHistogram ? "bin" : "point"
        let points = "\(longest) \(word)\(longest == 1 ? "" : "s")"
        return try canvas.figure(title: "\(title.isEmpty ? "plot" : title) · \(count) series · \(points)")
    }
}
