import Support

/// A picture: pixels in memory, shown in a terminal or saved as PNG.
public final class Figure: Sendable {
    /// In pixels.
    public let width: Int
    /// In pixels.
    public let height: Int
    /// What the picture shows, in one line.
    public let title: String
    /// `width · height` pixels, rows from the top, each 0x00RRGGBB (sRGB).
    package let pixels: [UInt32]

    /// `pixels` must be as many as width times height.
    package init(width: Int, height: Int, pixels: [UInt32], title: String) {
        self.width = width
        self.height = height
        self.pixels = pixels
        self.title = title
    }

    /// One line: "figure 1500×604 pixels · overlay …".
    public var summary: String { "figure \(width)×\(height) pixels" + (title.isEmpty ? "" : " · \(title)") }

    /// Red, green and blue (0 … 255) of a pixel; (0, 0) is the top left.
    package func pixel(_ x: Int, _ y: Int) -> SIMD3<Int> {
        let p = Int(pixels[x + y * width])
        return [p >> 16 & 255, p >> 8 & 255, p & 255]
    }

    /// Writes a PNG, atomically. Throws `FigureError.format` unless the path ends in ".png", and `FileError` when it cannot be written.
    public func save(to path: String) throws {
        guard path.lowercased().hasSuffix(".png") else { throw FigureError.format(path: path) }
        try AtomicFile.write(png(), to: path)
    }
}

/// What can be wrong with a request for a picture.
public enum FigureError: ExplainedError, Equatable {
    case format(path: String)
    case drawing(reason: String)
    case count(Int)
    case columns(Int)
    case noSeries
    case noFigures

    public var message: String {
        switch self {
        case .format(let path): "a figure is saved as PNG, and \"\(path)\" does not end in .png"
        case .drawing(let reason): "the picture could not be drawn: \(reason)"
        case .count(let n): "`count` must be 1 … \(Montage.largestCount), got \(n)"
        case .columns(let n): "`columns` must be 1 or more, got \(n)"
        case .noSeries: "a plot needs at least one series of values"
        case .noFigures: "a sheet needs at least one figure"
        }
    }

    /// The message, beginning with the name that a user called where a parameter was wrong.
    public func message(in operation: String) -> String {
        switch self {
        case .count, .columns: "\(operation): \(message)"
        default: message
        }
    }

    /// The parameter that was wrong, where it was one of a call.
    public var argument: String? {
        switch self {
        case .count: "count"
        case .columns: "columns"
        default: nil
        }
    }

    public var hint: String? {
        switch self {
        case .format: "name it \"….png\""
        default: nil
        }
    }
}
