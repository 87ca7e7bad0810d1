import Glibc
import Imaging
import Runtime
import Synchronization

/// Text that a session wrote.
final class Sink: Sendable {
    private let text = Mutex("")
    func add(_ more: String) { text.withLock { $0 += more } }
    func take() -> String {
        text.withLock { held in
            defer { held = "" }
            return held
        }
    }
}

enum Way: String, CaseIterable, Convertible { case nearest, linear, cubic }

/// A small catalogue: enough to exercise calls of every shape without the real one.
let smallCatalogue: [Builtin] = [
    Builtin(
        "print", "Write values on a line.", theme: .language, Param<Rest<Value>>("values", "what to write"),
        Param<String>("sep", "what stands between", default: " ")
    ) { context, values, sep in
        context.write(values.items.map(\.text).joined(separator: sep) + "\n")
    },
    Builtin("length", "Count items.", theme: .lists, Param<Either<[Value], String>>("x", "a list or string")) { _, x -> Int in
        switch x {
        case .first(let list): list.count
        case .second(let text): text.count
        }
    },
    Builtin("map", "Apply a function to each item.", theme: .lists, Param<[Value]>("xs", "a list"), Param<Function>("f", "a function")) {
        context, xs, f in
        try xs.map { try context.call(f, [$0]) }
    },
    Builtin("sqrt", "Square root.", theme: .mathematics, Param<Double>("x", "a number")) { _, x in x.squareRoot() },
    Builtin(
        "ramp", "A volume whose voxels count up.", theme: .space, Param<WholeTriple>("shape", "voxels", default: 4),
        Param<Triple>("spacing", "mm", default: 1)
    ) { _, shape, spacing in
        let grid = try Grid(shape: shape.numbers, affine: Affine(spacing: spacing.numbers, origin: [-1, 2, 3]))
        return Volume(grid: grid, voxels: (0..<grid.count).map { Float($0) }, datatype: .int16)
    },
    Builtin(
        "resize", "Pretend to resample.", theme: .space, Param<Volume>("image", "the image"), Param<Mask?>("mask", "where", default: nil),
        Param<Way>("interpolation", "how", default: .linear), Param<[Int]>("steps", "how often", default: [50, 50]),
        Param<Double>("width", "in mm", default: 0.15)
    ) { context, image, mask, way, steps, width -> Value in
        if width <= 0 { throw context.reject("width", expected: "above 0", found: "\(width)", hint: "0.15 is usual") }
        return .string("\(way.rawValue) \(steps.count) \(width) \(mask == nil)")
    },
]

/// A session over the small catalogue.
func makeSession(_ sink: Sink = Sink(), prelude: [(name: String, source: String)] = [], arguments: [String] = []) -> Session {
    try! Session(
        builtins: smallCatalogue, prelude: prelude, arguments: arguments, progress: ProgressSink(isVisible: false) { _ in }
    ) { sink.add($0) }
}

/// What the prompt would show of a text: printed text, the value in a line, or the rendered error.
func shown(_ text: String, in session: Session, _ sink: Sink, name: String = "<prompt>") -> String {
    do {
        let value = try session.run(source: text, name: name)
        let line = session.isSilenced(text) ? "" : session.describe(value)
        return sink.take() + (line.isEmpty ? "" : line + "\n")
    } catch {
        return sink.take() + session.render(error)
    }
}

/// As `shown`, in a session of its own.
func evaluate(_ text: String) -> String {
    let sink = Sink()
    return shown(text, in: makeSession(sink), sink)
}

/// The package's folder, from this file's place in it.
let packageRoot: String = {
    let parts = #filePath.split(separator: "/")
    return "/" + parts.dropLast(3).joined(separator: "/")
}()

func readFile(_ path: String) -> String? {
    guard let file = fopen(path, "r") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65536)
    while case let n = fread(&buffer, 1, buffer.count, file), n > 0 { bytes += buffer[0..<n] }
    return String(decoding: bytes, as: UTF8.self)
}

func writeFile(_ path: String, _ text: String) {
    guard let file = fopen(path, "w") else { return }
    defer { fclose(file) }
    _ = text.withCString { fputs($0, file) }
}

func listFiles(_ folder: String, _ suffix: String) -> [String] {
    guard let directory = opendir(folder) else { return [] }
    defer { closedir(directory) }
    var names: [String] = []
    while let entry = readdir(directory) {
        let name = withUnsafePointer(to: &entry.pointee.d_name) {
            $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        }
        if name.hasSuffix(suffix) { names.append(name) }
    }
    return names.sorted()
}
