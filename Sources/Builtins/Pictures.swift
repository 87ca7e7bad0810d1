import Figures
import Imaging
import Runtime
import Support

extension SliceAxis: Convertible {}

extension Catalog {
    static let pictures: [Builtin] = [
        Builtin(
            "overlay", "Three orthogonal views of a head with a mask outlined and tinted.", theme: .pictures,
            details: "The views go through the mask's centre, upright whatever the file's orientation, left on the left.",
            Param<Volume>("image", "the volume"),
            Param<Mask?>("mask", "the mask, on the volume's grid", default: nil),
            Param<String?>("title", "a headline", default: nil),
            Param<Int>("width", "of the picture in pixels", default: 1500),
            returns: "a figure",
            examples: [
                Example(
                    "head = phantom(seed=1, shape=32, spacing=6)\nsave(overlay(head.image, head.mask), \"qc.png\")\nexists(\"qc.png\")",
                    "true")
            ]
        ) { context, image, mask, title, width in
            try Montage.overlay(image, mask, title: title, width: try picture(width, context))
        },

        Builtin(
            "slices", "Evenly spaced slices across an axis.", theme: .pictures,
            Param<Volume>("image", "the volume"),
            Param<Mask?>("mask", "a mask to outline", default: nil),
            Param<SliceAxis>("axis", "the direction of view", default: .axial),
            Param<Int>("count", "how many", default: 15),
            Param<Int?>("columns", "slices in a row; none chooses", default: nil),
            Param<String?>("title", "a headline", default: nil),
            Param<Int>("width", "of the picture in pixels", default: 1500),
            returns: "a figure",
            examples: [Example("kind(slices(phantom(seed=1, shape=32, spacing=6).image, count=6))", "\"figure\"")]
        ) { context, image, mask, axis, count, columns, title, width in
            try Montage.slices(
                image, mask: mask, axis: axis, count: count, columns: columns, title: title, width: try picture(width, context))
        },

        Builtin(
            "plot", "Lines or points: a training's curves, a histogram, or lists of numbers.", theme: .pictures,
            details: """
                What `fit` gave is drawn as losses, metrics and learning rate against epochs, the best epoch marked; what `lr_find` gave as losses against \
                learning rates, the suggestion marked; what `histogram` gave as counts over values.
                """,
            Param<Either<Record, [Double]>>("data", "what `fit`, `lr_find` or `histogram` gave, a record of lists, or a list of numbers"),
            Param<String>("title", "a headline", default: ""),
            Param<String>("x", "the horizontal axis' label", default: ""),
            Param<String>("y", "the vertical axis' label", default: ""),
            Param<[Double]?>("at", "where the values lie along the horizontal axis: as many numbers as each list has; 1, 2, 3, … where none are given", default: nil),
            Param<Bool>("points", "dots instead of lines", default: false),
            returns: "a figure",
            examples: [
                Example("show(plot({dice: [0.91, 0.95, 0.93]}, at=[0.2, 0.35, 0.5], x=\"threshold\"))", "figure 1100×640 pixels · plot · 1 series · 3 points"),
                Example("kind(plot({loss: [0.9, 0.5, 0.3], dice: [0.1, 0.5, 0.7]}))", "\"figure\""),
                Example(
                    "show(plot(histogram(phantom(seed=1, shape=16, spacing=12).image, bins=20)))",
                    "figure 1100×640 pixels · histogram · 1 series · 20 bins"),
            ]
        ) { context, data, title, x, y, at, points in
            if case .first(let record) = data, var known = RecordPlot.recognised(record) {
                if at != nil { throw context.reject("at", expected: "none, as what `fit`, `lr_find` and `histogram` gave has places of its own", found: "a list") }
                if points { throw context.reject("points", expected: "false, as what `fit`, `lr_find` and `histogram` gave is drawn in lines", found: "true") }
                if !y.isEmpty, known.panels.count == 1 { known.panels[0].label = y }
                return try Plot.panels(title: title.isEmpty ? known.title : title, xLabel: x.isEmpty ? known.xLabel : x, known.panels)
            }
            let series = try lines(data, context)
            if let at, let odd = series.first(where: { $0.values.count != at.count }) {
                throw context.reject(
                    "at", expected: "a place for each value", found: "\(at.count) for \(odd.values.count) values" + (odd.name.isEmpty ? "" : " of `\(odd.name)`"))
            }
            return try Plot.lines(title: title, xLabel: x, yLabel: y, series: series, places: at, isScatter: points)
        },

        Builtin(
            "sheet", "Several figures as one: a contact sheet.", theme: .pictures,
            details: "From left to right, row after row. A row is as high as its highest figure, a column as wide as its widest.",
            Param<[Figure]>("figures", "the figures"),
            Param<Int>("columns", "figures in a row", default: 2),
            Param<String>("title", "a headline", default: ""),
            returns: "a figure",
            examples: [
                Example(
                    "heads = [phantom(seed=s, shape=24, spacing=8) for s in 1:5]\n"
                        + "show(sheet([overlay(h.image, h.mask, width=400) for h in heads], columns=2, title=\"four heads\"))", nil)
            ]
        ) { _, figures, columns, title in try Sheet.grid(figures, columns: columns, headline: title, title: "contact sheet") },

        Builtin(
            "show", "Show a figure in the terminal.", theme: .pictures,
            details: "In 24-bit colour, two pixels a character. Where the output is no terminal, one line says what would be shown.",
            Param<Figure>("figure", "the figure"),
            returns: "nothing",
            examples: [Example("show(plot([1, 4, 9], title=\"squares\"))", "figure 1100×640 pixels · squares · 1 series · 3 points")]
        ) { context, figure in
            guard context.isTerminal else { return context.write(figure.summary + "\n") }
            let (columns, rows) = Terminal.size
            context.write(figure.terminal(columns: columns, rows: max(8, rows - 2)))
        },
    ]

    private static func picture(_ width: Int, _ context: Context) throws -> Int {
        guard (300...4000).contains(width) else { throw context.reject("width", expected: "300 to 4000 pixels", found: "\(width)") }
        return width
    }

    /// The series of a record of lists, or of one list.
    private static func lines(_ data: Either<Record, [Double]>, _ context: Context) throws -> [(name: String, values: [Double])] {
        switch data {
        case .second(let values):
            guard !values.isEmpty else { throw context.reject("data", expected: "at least one number", found: "an empty list") }
            return [("", values)]
        case .first(let record):
            return try record.fields.map { name, value in
                guard let numbers = try? [Double].from(value), !numbers.isEmpty else {
                    throw context.reject(
                        "data", expected: "a record of lists of numbers", found: "a field `\(name)` that is \(value.mention)")
                }
                return (name, numbers)
            }
        }
    }
}
