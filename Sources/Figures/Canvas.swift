import CCairo
import Support

/// A colour with components in 0 … 1 (sRGB), and its opacity.
package struct Colour: Sendable, Equatable {
    var red, green, blue, alpha: Double

    /// From 0xRRGGBB.
    init(_ hex: UInt32, alpha: Double = 1) {
        red = Double(hex >> 16 & 255) / 255
        green = Double(hex >> 8 & 255) / 255
        blue = Double(hex & 255) / 255
        self.alpha = alpha
    }

    func opacity(_ alpha: Double) -> Colour {
        var copy = self
        copy.alpha = alpha
        return copy
    }

    /// 0x00RRGGBB, opacity left out.
    package var packed: UInt32 {
        func byte(_ x: Double) -> UInt32 { UInt32((min(max(x, 0), 1) * 255).rounded()) }
        return byte(red) << 16 | byte(green) << 8 | byte(blue)
    }
}

/// The colours of all figures.
package enum Theme {
    static let background = Colour(0x0D1117)
    static let panel = Colour(0x000000)
    /// Of titles and labels.
    package static let text = Colour(0xE6EDF3)
    static let muted = Colour(0x8B949E)
    static let line = Colour(0x30363D)
    /// Outline and tint of masks: amber, which no grey of an image can be taken for.
    package static let mask = Colour(0xFFB224)
    /// Series of a plot, told apart by colour-blind readers too (after Okabe and Ito 2008, lightened for the dark ground).
    package static let series = [
        Colour(0x56B4E9), Colour(0xFFB224), Colour(0x2FC98E), Colour(0xF0705A), Colour(0xD68FC0), Colour(0xF0E442), Colour(0x9AA7FF),
        Colour(0xC8CDD3),
    ]
}

/// A cairo surface with the few drawing verbs that figures need. Positions are pixels from the top left.
final class Canvas {
    enum Anchor { case start, middle, end }

    let width: Int
    let height: Int
    private let surface: OpaquePointer
    private let context: OpaquePointer

    init(width: Int, height: Int, background: Colour = Theme.background) throws {
        self.width = width
        self.height = height
        surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, Int32(clamping: width), Int32(clamping: height))
        context = cairo_create(surface)
        // Grey antialiasing without hinting: the same picture on every screen and machine with the same font.
        let options = cairo_font_options_create()
        cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY)
        cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE)
        cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF)
        cairo_set_font_options(context, options)
        cairo_font_options_destroy(options)
        try check()
        set(background)
        cairo_paint(context)
    }

    deinit {
        cairo_destroy(context)
        cairo_surface_destroy(surface)
    }

    private func check() throws {
        for status in [cairo_surface_status(surface), cairo_status(context)] where status != CAIRO_STATUS_SUCCESS {
            throw FigureError.drawing(reason: String(cString: cairo_status_to_string(status)))
        }
    }

    private func set(_ c: Colour) { cairo_set_source_rgba(context, c.red, c.green, c.blue, c.alpha) }

    func fill(x: Double, y: Double, width: Double, height: Double, _ colour: Colour) {
        set(colour)
        cairo_rectangle(context, x, y, width, height)
        cairo_fill(context)
    }

    /// Fills a rectangle with rounded corners.
    func fill(x: Double, y: Double, width: Double, height: Double, radius: Double, _ colour: Colour) {
        let r = min(radius, width / 2, height / 2)
        set(colour)
        cairo_new_path(context)
        cairo_arc(context, x + width - r, y + r, r, -.pi / 2, 0)
        cairo_arc(context, x + width - r, y + height - r, r, 0, .pi / 2)
        cairo_arc(context, x + r, y + height - r, r, .pi / 2, .pi)
        cairo_arc(context, x + r, y + r, r, .pi, 1.5 * .pi)
        cairo_close_path(context)
        cairo_fill(context)
    }

    func circle(x: Double, y: Double, radius: Double, _ colour: Colour) {
        set(colour)
        cairo_new_path(context)
        cairo_arc(context, x, y, radius, 0, 2 * .pi)
        cairo_fill(context)
    }

    /// Strokes open or closed polylines with round joins.
    func stroke(_ lines: [[SIMD2<Double>]], closed: Bool = false, width: Double, _ colour: Colour) {
        set(colour)
        cairo_set_line_width(context, width)
        cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
        cairo_set_line_cap(context, CAIRO_LINE_CAP_ROUND)
        trace(lines, closed: closed)
        cairo_stroke(context)
    }

    /// Fills closed polylines; loops inside loops are holes.
    func fill(_ loops: [[SIMD2<Double>]], _ colour: Colour) {
        set(colour)
        cairo_set_fill_rule(context, CAIRO_FILL_RULE_EVEN_ODD)
        trace(loops, closed: true)
        cairo_fill(context)
    }

    private func trace(_ lines: [[SIMD2<Double>]], closed: Bool) {
        cairo_new_path(context)
        for line in lines {
            guard let first = line.first else { continue }
            cairo_move_to(context, first.x, first.y)
            for p in line.dropFirst() { cairo_line_to(context, p.x, p.y) }
            if closed { cairo_close_path(context) }
        }
    }

    /// Draws only inside a rectangle while `body` runs.
    func clipped(x: Double, y: Double, width: Double, height: Double, _ body: () -> Void) {
        cairo_save(context)
        cairo_rectangle(context, x, y, width, height)
        cairo_clip(context)
        body()
        cairo_restore(context)
    }

    private func font(_ size: Double, bold: Bool) {
        cairo_select_font_face(context, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL, bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL)
        cairo_set_font_size(context, size)
    }

    /// The advance of a text in pixels.
    func measure(_ text: String, size: Double, bold: Bool = false) -> Double {
        font(size, bold: bold)
        var extents = cairo_text_extents_t()
        cairo_text_extents(context, Self.printable(text), &extents)
        return extents.x_advance
    }

    /// Draws text with its baseline at y. A halo of the panel's colour keeps it readable over an image. `turned` runs upwards.
    func text(
        _ text: String, x: Double, y: Double, size: Double, _ colour: Colour = Theme.text, anchor: Anchor = .start, bold: Bool = false,
        halo: Bool = false, turned: Bool = false
    ) {
        let advance = measure(text, size: size, bold: bold)
        let shift = anchor == .start ? 0 : anchor == .middle ? -advance / 2 : -advance
        cairo_save(context)
        cairo_translate(context, x, y)
        if turned { cairo_rotate(context, -.pi / 2) }
        if halo {
            cairo_move_to(context, shift, 0)
            cairo_text_path(context, Self.printable(text))
            set(Theme.panel.opacity(0.75))
            cairo_set_line_width(context, size * 0.28)
            cairo_set_line_join(context, CAIRO_LINE_JOIN_ROUND)
            cairo_stroke(context)
        }
        set(colour)
        cairo_move_to(context, shift, 0)
        cairo_show_text(context, Self.printable(text))
        cairo_restore(context)
    }

    /// The text, shortened with … to a width.
    func fitted(_ text: String, size: Double, width: Double, bold: Bool = false) -> String {
        if measure(text, size: size, bold: bold) <= width { return text }
        var kept = Substring(text.prefix(400))
        while !kept.isEmpty, measure(kept + "…", size: size, bold: bold) > width { kept = kept.dropLast() }
        return kept + "…"
    }

    /// Control characters would be drawn as boxes, and a NUL would end the text.
    private static func printable(_ text: String) -> String {
        String(String.UnicodeScalarView(text.unicodeScalars.map { $0.value < 32 || $0.value == 127 ? " " : $0 }))
    }

    /// Copies grey values (0 … 1, rows from the top) to a place of the canvas; what falls outside is left out.
    func blit(_ grey: [Float], columns: Int, rows: Int, x: Int, y: Int) {
        cairo_surface_flush(surface)
        guard let data = cairo_image_surface_get_data(surface) else { return }
        let stride = Int(cairo_image_surface_get_stride(surface))
        for row in max(0, -y)..<max(max(0, -y), min(rows, height - y)) {
            let line = UnsafeMutableRawPointer(data + (row + y) * stride).assumingMemoryBound(to: UInt32.self)
            for column in max(0, -x)..<max(max(0, -x), min(columns, width - x)) {
                let level = UInt32((min(max(grey[column + row * columns], 0), 1) * 255).rounded())
                line[column + x] = level << 16 | level << 8 | level
            }
        }
        cairo_surface_mark_dirty(surface)
    }

    /// The finished picture. Throws `FigureError.drawing` when cairo ran into trouble on the way (out of memory, say).
    func figure(title: String) throws -> Figure {
        cairo_surface_flush(surface)
        try check()
        guard let data = cairo_image_surface_get_data(surface) else { throw FigureError.drawing(reason: "no pixels") }
        let stride = Int(cairo_image_surface_get_stride(surface))
        var pixels = [UInt32]()
        pixels.reserveCapacity(width * height)
        for row in 0..<height {
            let line = UnsafeRawPointer(data + row * stride).assumingMemoryBound(to: UInt32.self)
            for column in 0..<width { pixels.append(line[column] & 0xFF_FFFF) }
        }
        return Figure(width: width, height: height, pixels: pixels, title: title)
    }
}

extension Figure {
    /// The picture as the bytes of a PNG file. Throws `FigureError.drawing` when cairo cannot make it (out of memory, say).
    public func png() throws -> [UInt8] {
        var copy = pixels
        var bytes: [UInt8] = []
        let status = copy.withUnsafeMutableBufferPointer { buffer in
            withUnsafeMutablePointer(to: &bytes) { sink in
                let surface = cairo_image_surface_create_for_data(
                    UnsafeMutableRawPointer(buffer.baseAddress!).assumingMemoryBound(to: UInt8.self), CAIRO_FORMAT_RGB24, Int32(width),
                    Int32(height), Int32(4 * width))
                defer { cairo_surface_destroy(surface) }
                return cairo_surface_write_to_png_stream(
                    surface,
                    { closure, data, length in
                        closure!.assumingMemoryBound(to: [UInt8].self).pointee.append(
                            contentsOf: UnsafeBufferPointer(start: data, count: Int(length)))
                        return CAIRO_STATUS_SUCCESS
                    }, sink)
            }
        }
        guard status == CAIRO_STATUS_SUCCESS else {
            throw FigureError.drawing(reason: String(cString: cairo_status_to_string(status)))
        }
        return bytes
    }
}
