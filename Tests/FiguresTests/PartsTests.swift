import CCairo
import Figures
import Glibc
import Support
import Testing

@Suite struct WindowTests {
    @Test func equalsTheSortedRank() throws {
        var random = CounterRandom(seed: 3)
        for n in [1, 2, 3, 100, 4097] {
            let values = (0..<n).map { _ in Float(random.normal() * 1e3) } + [.nan, .infinity, -.infinity]
            let sorted = values.filter(\.isFinite).sorted()
            for (from, to) in [(0.005, 0.995), (0.0, 1.0), (0.25, 0.5)] {
                let window = try Window(values, from: from, to: to)
                #expect(window?.low == sorted[Int((from * Double(n - 1)).rounded())])
                #expect(window?.high == sorted[Int((to * Double(n - 1)).rounded())])
            }
        }
        #expect(try Window([]) == nil)
        #expect(try Window([.nan, .infinity]) == nil)
    }

    @Test func levelsAreClippedAndFinite() throws {
        let window = try #require(try Window([-2, 0, 6], from: 0, to: 1))
        #expect(window.level(-2) == 0 && window.level(6) == 1 && abs(window.level(2) - 0.5) < 1e-6)
        #expect(window.level(.nan) == 0 && window.level(.infinity) == 1 && window.level(-.infinity) == 0)
        let flat = try #require(try Window([4, 4]))
        #expect(flat.level(4) == 0.5 && flat.level(3) == 0 && flat.level(5) == 1)
    }

    /// A head of air 0, brain 50 to 60 and fat 200: the brain sets the window, a rim or something dark does not.
    @Test func aBrainSetsTheWindow() throws {
        let values = [Float](repeating: 0, count: 600) + (0..<300).map { 50 + Float($0 % 11) } + [Float](repeating: 200, count: 100)
        let window = try #require(try Window(values))
        func fitted(_ mask: (Int) -> Bool, _ values: [Float]) throws -> Window { try window.fitted(to: values, within: values.indices.map { mask($0) ? 1 : 0 }) }
        #expect(window.low == 0 && window.high == 200)
        // 0.35 of the span is more than a tenth above 60.
        #expect(try fitted({ (600..<900).contains($0) }, values).high == 70)
        #expect(try fitted({ $0 >= 600 }, values).high == 220)
        #expect(try fitted({ (600..<630).contains($0) }, values) == window)
        #expect(try fitted({ _ in false }, values) == window && window.fitted(to: values, within: nil) == window)
        var brighter = values
        for i in 600..<900 { brighter[i] *= 2 }
        #expect(abs(try fitted({ (600..<900).contains($0) }, brighter).high - 132) < 0.01)
    }
}

@Suite struct ContourTests {
    /// Twice the signed area of a closed loop.
    private func area(_ loop: [SIMD2<Double>]) -> Double {
        var sum = 0.0
        for (a, b) in zip(loop, loop.dropFirst() + loop.prefix(1)) { sum += a.x * b.y - b.x * a.y }
        return abs(sum / 2)
    }

    @Test func aRectangleIsOutlinedOnItsBorder() {
        var values = [UInt8](repeating: 0, count: 9 * 7)
        for y in 2..<6 { for x in 3..<9 { values[x + y * 9] = 1 } }
        let loops = Slice(columns: 9, rows: 7, values: values).outline()
        #expect(loops.count == 1)
        let x = loops[0].map(\.x), y = loops[0].map(\.y)
        #expect(x.min() == 3 && x.max() == 9 && y.min() == 2 && y.max() == 6)
        // Four corners are cut off by a triangle of one eighth of a pixel each.
        #expect(abs(area(loops[0]) - (24 - 0.5)) < 1e-12)
    }

    @Test func holesAndPiecesAreLoopsOfTheirOwn() {
        func loops(_ rows: [String]) -> [[SIMD2<Double>]] {
            Slice(columns: rows[0].count, rows: rows.count, values: rows.joined().utf8.map { $0 == 35 ? 1 : 0 }).outline()
        }
        #expect(loops(["....", "....", "...."]).isEmpty)
        #expect(loops(["####", "#..#", "####"]).count == 2)
        #expect(loops(["#.#", "...", "#.#"]).count == 4)
        #expect(loops(["#.", ".#"]).count == 2)
        #expect(loops([".#", "#."]).count == 2)
        #expect(loops(["#"]).map(\.count) == [4])
    }

    @Test func areaFollowsTheMaskOverRandomSlices() {
        var random = CounterRandom(seed: 11)
        for _ in 0..<50 {
            let columns = 1 + Int(random.uniform(0, 9)), rows = 1 + Int(random.uniform(0, 9))
            let values = (0..<columns * rows).map { _ in UInt8(random.uniform() < 0.5 ? 0 : 1) }
            // Even-odd by Green's theorem with direction: the area of the marching-squares region, cell by cell.
            func inside(_ x: Int, _ y: Int) -> Bool { x >= 0 && y >= 0 && x < columns && y < rows && values[x + y * columns] != 0 }
            var expected = 0.0
            for y in -1..<rows {
                for x in -1..<columns {
                    let corners = [inside(x, y), inside(x + 1, y), inside(x + 1, y + 1), inside(x, y + 1)]
                    let n = corners.filter { $0 }.count
                    let diagonal = n == 2 && corners[0] == corners[2]
                    expected += n == 0 ? 0 : n == 1 ? 0.125 : n == 2 ? (diagonal ? 0.25 : 0.5) : n == 3 ? 0.875 : 1
                }
            }
            var signed = 0.0
            for loop in Slice(columns: columns, rows: rows, values: values).outline() {
                for (a, b) in zip(loop, loop.dropFirst() + loop.prefix(1)) { signed += a.x * b.y - b.x * a.y }
            }
            #expect(abs(abs(signed / 2) - expected) < 1e-9)
        }
    }
}

@Suite struct ScalingTests {
    @Test func constantStaysAndTheMeanIsKept() {
        let flat = Slice(columns: 5, rows: 3, values: [Float](repeating: 0.7, count: 15))
        for (c, r) in [(1, 1), (5, 3), (40, 2), (3, 17)] {
            let scaled = flat.scaled(columns: c, rows: r)
            #expect(scaled.values.count == c * r)
            #expect(scaled.values.allSatisfy { abs($0 - 0.7) < 1e-5 })
        }
        // At its own size a slice is unchanged: the kernel interpolates.
        let ramp = Slice(columns: 4, rows: 2, values: (0..<8).map(Float.init))
        let same = ramp.scaled(columns: 4, rows: 2)
        #expect(zip(same.values, ramp.values).allSatisfy { abs($0 - $1) < 1e-5 })
    }

    @Test func growsWithoutShifting() {
        // A step in the middle stays in the middle.
        let step = Slice(columns: 6, rows: 1, values: [0, 0, 0, 1, 1, 1] as [Float]).scaled(columns: 60, rows: 1)
        #expect(step.values[29] < 0.5 && step.values[30] > 0.5)
        for i in 0..<30 { #expect(abs(step.values[i] + step.values[59 - i] - 1) < 1e-5) }
    }
}

@Suite struct TicksTests {
    @Test func coverTheRangeWithRoundSteps() {
        var random = CounterRandom(seed: 5)
        for _ in 0..<300 {
            let size = pow(10, random.uniform(-9, 9))
            let a = random.normal() * size, b = random.normal() * size
            let ticks = Ticks(min(a, b), max(a, b), count: 6)
            #expect(ticks.low <= min(a, b) + 1e-9 * ticks.step && ticks.high >= max(a, b) - 1e-9 * ticks.step)
            #expect((2...14).contains(ticks.places.count))
            let lead = ticks.step / pow(10, floor(log10(ticks.step) + 1e-9))
            #expect([1, 2, 5].contains { abs(lead - $0) < 1e-6 })
            #expect(Set(ticks.places.map(ticks.label)).count == ticks.places.count)
        }
    }

    @Test func flatAndExtremeRanges() {
        for (low, high) in [(0.0, 0.0), (5, 5), (-1e300, 1e300), (1e308, 1e308), (1, 1 + 1e-15), (-3, -3)] {
            let ticks = Ticks(low, high, count: 6)
            #expect(ticks.high > ticks.low && ticks.step > 0 && ticks.places.count >= 2 && ticks.places.allSatisfy(\.isFinite))
        }
        #expect(Ticks(1, 60, count: 10, whole: true, tight: true).places == [10, 20, 30, 40, 50, 60])
        #expect(Ticks(1, 3, count: 10, whole: true, tight: true).places == [1, 2, 3])
        #expect(Ticks(-1, 1, count: 4).places.map(Ticks(-1, 1, count: 4).label) == ["−1.0", "−0.5", "0.0", "0.5", "1.0"])
    }
}

extension TicksTests {
    @Test func largeNumbersAreReadableAndDistinct() {
        let counts = Ticks(0, 4e6, count: 4)
        #expect(counts.places.map(counts.label) == ["0", "1,000,000", "2,000,000", "3,000,000", "4,000,000"])
        for (low, high) in [(-3e6, 2e6), (5e6, 5e6 + 0.5), (2e9, 2e9 + 10), (-1e12, 1e12)] {
            let ticks = Ticks(low, high, count: 6), labels = ticks.places.map(ticks.label)
            #expect(Set(labels).count == labels.count, "\(labels)")
            #expect(labels.allSatisfy { $0.count <= 12 }, "\(labels)")
        }
    }
}

@Suite struct PlotTests {
    private func has(_ colour: UInt32, _ figure: Figure, columns: Range<Int>, rows: Range<Int>) -> Bool {
        rows.contains { y in columns.contains { figure.pixels[$0 + y * figure.width] == colour } }
    }

    @Test func linesAndGapsAreWhereTheValuesAre() throws {
        // Five values over the width: the third is missing, so the middle of the plot is empty, the rest is not.
        let figure = try Plot.lines(
            title: "", xLabel: "x", yLabel: "y", series: [("a", [1, 2, 3, .nan, .infinity, .nan, 3, 2, 1])], width: 1000, height: 500)
        let colour = Theme.series[0].packed
        #expect(has(colour, figure, columns: 100..<300, rows: 80..<430))
        #expect(has(colour, figure, columns: 800..<960, rows: 80..<430))
        #expect(!has(colour, figure, columns: 400..<680, rows: 80..<430))
    }

    @Test func pointsAreDotsAtTheirPlaces() throws {
        // Places 0, 1 and 10: with dots the stretch from a fifth of the width to near its end is empty, with lines it is not.
        func drawn(isScatter: Bool) throws -> Figure {
            try Plot.lines(
                title: "", xLabel: "x", yLabel: "y", series: [("a", [1, 2, 3])], places: [0, 1, 10], isScatter: isScatter, width: 1000, height: 500)
        }
        let colour = Theme.series[0].packed, dots = try drawn(isScatter: true)
        #expect(has(colour, dots, columns: 40..<200, rows: 0..<500) && has(colour, dots, columns: 950..<1000, rows: 0..<500))
        #expect(!has(colour, dots, columns: 220..<930, rows: 0..<500))
        #expect(has(colour, try drawn(isScatter: false), columns: 220..<930, rows: 0..<500))
    }

    @Test func sheetsHaveTheirHeadlineAbove() throws {
        let part = try Plot.lines(title: "", xLabel: "", yLabel: "", series: [("", [1, 2])], width: 400, height: 300)
        let plain = try Sheet.grid([part, part], columns: 2), titled = try Sheet.grid([part, part], columns: 2, headline: "heads")
        let above = titled.height - plain.height
        #expect(above > 0 && titled.width == plain.width)
        #expect(Array(titled.pixels.suffix(plain.pixels.count)) == plain.pixels)
        #expect(titled.pixels.prefix(above * titled.width).contains(Theme.text.packed))
        #expect(titled.title == "heads")
    }

    @Test func everySeriesHasItsColour() throws {
        let figure = try Plot.lines(
            title: "t", xLabel: "epoch", yLabel: "loss", series: (0..<8).map { n in ("s\(n)", [Double(n), Double(n) + 1]) })
        for colour in Theme.series { #expect(figure.pixels.contains(colour.packed)) }
    }

    @Test func histogramsAreStepsFromEdgeToEdge() throws {
        // Two bins of one width and heights 1 and 2, then one of the same height twice as wide: the first quarter is half as high as the rest.
        var panel = Plot.Panel("voxels", [Plot.Series("", [1, 2, 2])], places: [0, 1, 2, 4])
        panel.isHistogram = true
        let figure = try Plot.panels(title: "", xLabel: "", [panel], width: 1100, height: 640)
        #expect(figure.summary.hasSuffix("1 series · 3 bins"))
        let colour = Theme.series[0].packed
        // The line's uppermost row in a column.
        func top(_ x: Int) -> Int? {
            for y in 0..<figure.height where figure.pixels[x + y * figure.width] == colour { return y }
            return nil
        }
        let drawn = (0..<figure.width).filter { top($0) != nil }
        let low = try #require(drawn.first), high = try #require(drawn.last), width = high - low
        let heights = [0.1, 0.2, 0.3, 0.6, 0.9].compactMap { top(low + Int($0 * Double(width))) }
        #expect(heights.count == 5)
        #expect(heights[0] == heights[1])
        #expect(heights[2] == heights[3] && heights[3] == heights[4])
        #expect(heights[0] > heights[2] + 100)
        // Tinted below the line, not above.
        let x = low + width / 2, background = figure.pixels[0]
        #expect(figure.pixels[x + (heights[2] + 25) * figure.width] != background)
        #expect(figure.pixels[low + width / 10 + (heights[0] - 25) * figure.width] == background)
    }

    @Test func oneListHasNoLegend() throws {
        func top(_ name: String) throws -> Int {
            let figure = try Plot.lines(title: "", xLabel: "", yLabel: "", series: [(name, [1, 2])])
            let colour = Theme.series[0].packed
            return (figure.pixels.firstIndex(of: colour) ?? 0) / figure.width
        }
        #expect(try top("") > top("a") + 10)
    }

    @Test func oddInputsAreDrawn() throws {
        let long = String(repeating: "a very long label ", count: 40) + "\u{0}\n\u{1b}脑é"
        let cases: [[(name: String, values: [Double])]] = [
            [("one", [0.5])], [("none", [])], [("nan", [.nan, .nan])], [("flat", [Double](repeating: 3, count: 50))],
            [("huge", [-1e308, 1e308, 0])], [("tiny", [5e-324, 0])], [(long, [1, 2])], (0..<60).map { ("series \($0)", [Double($0)]) },
        ]
        for series in cases {
            let figure = try Plot.lines(title: long, xLabel: long, yLabel: long, series: series, width: 1, height: 100_000)
            #expect(figure.width == 300 && figure.height == 4000)
        }
        #expect(throws: FigureError.noFigures) { try Sheet.grid([]) }
        #expect(throws: FigureError.noSeries) { try Plot.lines(title: "", xLabel: "", yLabel: "", series: []) }
    }
}

@Suite struct FigureTests {
    private func folder() -> String {
        var name = Array("/tmp/skullstrip-figures-XXXXXX\0".utf8CString)
        return String(cString: mkdtemp(&name))
    }

    private func entries(_ folder: String) -> [String] {
        guard let directory = opendir(folder) else { return [] }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    @Test func savedPNGReadsBackPixelForPixel() throws {
        let place = folder(), path = place + "/a.png"
        let random = CounterRandom(seed: 1)
        let figure = Figure(
            width: 31, height: 17, pixels: (0..<31 * 17).map { UInt32(random.bits(at: UInt64($0)) & 0xFF_FFFF) }, title: "")
        try figure.save(to: path)
        #expect(entries(place) == ["a.png"])
        let surface = cairo_image_surface_create_from_png(path)
        defer { cairo_surface_destroy(surface) }
        #expect(cairo_image_surface_get_width(surface) == 31 && cairo_image_surface_get_height(surface) == 17)
        let stride = Int(cairo_image_surface_get_stride(surface))
        let data = try #require(cairo_image_surface_get_data(surface))
        for y in 0..<17 {
            for x in 0..<31 {
                let p = UnsafeRawPointer(data + y * stride + 4 * x).load(as: UInt32.self) & 0xFF_FFFF
                #expect(p == figure.pixels[x + y * 31])
            }
        }
    }

    @Test func unwritablePlacesAreErrorsAndLeaveNothing() throws {
        let place = folder()
        let figure = Figure(width: 1, height: 1, pixels: [0], title: "")
        #expect(throws: FigureError.format(path: "a.jpg")) { try figure.save(to: "a.jpg") }
        #expect(throws: FileError.self) { try figure.save(to: place + "/missing/a.png") }
        mkdir(place + "/b.png", 0o755)
        #expect(throws: FileError.isDirectory(path: place + "/b.png")) { try figure.save(to: place + "/b.png") }
        #expect(entries(place) == ["b.png"])
        #expect(throws: FileError.self) { try figure.save(to: "/dev/full/a.png") }
    }

    @Test func halfBlocksShowTwoPixelsEach() {
        let figure = Figure(width: 2, height: 3, pixels: [0xFF0000, 0xFF0000, 0x00FF00, 0x0000FF, 0x010203, 0x010203], title: "")
        let e = "\u{1b}["
        #expect(
            figure.terminal(columns: 80, rows: 24)
                == "\(e)38;2;255;0;0m\(e)48;2;0;255;0m▀\(e)48;2;0;0;255m▀\(e)0m\n\(e)38;2;1;2;3m▀▀\(e)0m\n")
    }

    @Test func terminalPictureFitsAndAveragesLight() {
        // A fine checkerboard of black and white sends half of white's light: 188 of 255 in sRGB.
        let figure = Figure(width: 400, height: 200, pixels: (0..<80_000).map { ($0 + $0 / 400) % 2 == 0 ? 0 : 0xFF_FFFF }, title: "")
        let lines = figure.terminal(columns: 50, rows: 100).split(separator: "\n")
        #expect(lines.count == 13)
        for line in lines {
            #expect(line.filter { $0 == "▀" }.count == 50)
            #expect(line.hasSuffix("\u{1b}[0m"))
        }
        #expect(lines[0].hasPrefix("\u{1b}[38;2;188;188;188m"))
        #expect(figure.terminal(columns: 500, rows: 5).split(separator: "\n").count == 5)
        #expect(figure.terminal(columns: 0, rows: -3).filter { $0 == "▀" }.count == 1)
    }
}
