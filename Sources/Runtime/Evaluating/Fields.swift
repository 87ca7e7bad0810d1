import Figures
import Imaging
import Networks
import Support
import Syntax

/// What can be read of a value with a dot.
public enum Fields {
    private static func triple(_ v: SIMD3<Int>) -> Value { Value((0..<3).map { .number(Double(v[$0])) }) }
    private static func triple(_ v: SIMD3<Double>) -> Value { Value((0..<3).map { .number(v[$0]) }) }

    private static let gridFields: [(name: String, get: @Sendable (Grid) -> Value)] = [
        ("shape", { triple($0.shape) }),
        // Through float32, in which files keep it: 0.9375, not 0.93750000001.
        (
            "spacing",
            {
                let s = $0.spacing; return triple(SIMD3(clean(s.x), clean(s.y), clean(s.z)))
            }
        ),
        ("affine", { matrix($0.affine) }),
        ("orientation", { .string($0.orientation) }),
        ("origin", { triple($0.affine.translation) }),
    ]

    /// Four rows of four.
    private static func matrix(_ affine: Affine) -> Value {
        let (a, b, c) = affine.rows
        return Value([a, b, c, SIMD4(0, 0, 0, 1)].map { row in Value((0..<4).map { .number(row[$0]) }) })
    }

    private static func clean(_ x: Double) -> Double { (x * 1e6).rounded() / 1e6 }

    private static func record(_ p: Pipeline) -> Record {
        Record([
            ("recipe", p.recipe.map { .string($0) } ?? .none), ("threshold", .number(p.threshold)), ("largest", .boolean(p.largest)),
            ("fill", .boolean(p.fill)), ("window", p.window.map { triple($0) } ?? .none), ("overlap", .number(p.overlap)),
            ("flips", .boolean(p.flips)), ("search", .boolean(p.search)),
            ("volume", p.limits.volume.map { Value([.number($0.lowerBound), .number($0.upperBound)]) } ?? .none),
            ("limits", .record(Record(QualityLimits.names.map { ($0.name, .number(p.limits[keyPath: $0.path])) }))),
        ])
    }

    /// The fields of a value, for completion and hints.
    public static func names(of value: Value) -> [String] {
        switch value {
        case .record(let record): record.names
        case .volume: gridFields.map(\.name) + ["datatype"]
        case .mask: gridFields.map(\.name) + ["count", "volume_ml"]
        case .transform: ["matrix", "rigid"]
        case .tensor: ["channels"]
        case .model: ["parameters", "trainable", "multiple", "channels_in", "channels_out", "pipeline", "metadata", "program"]
        case .figure: ["width", "height"]
        case .range: ["start", "end"]
        case .function: ["name"]
        default: []
        }
    }

    /// Fields of masks that are found without storing one.
    static let ofExpressions: Set = ["count", "volume_ml"]

    /// One of `ofExpressions`. Throws `Interrupted`.
    static func get(_ name: String, of mask: VoxelExpression) throws -> Value {
        let count = try mask.count()
        return .number(name == "count" ? Double(count) : VoxelText.millilitres(count, mask.grid))
    }

    /// Nil when the value has no such field.
    public static func get(_ name: String, of value: Value) -> Value? {
        switch value {
        case .record(let record): return record[name]
        case .volume(let v):
            if name == "datatype" { return .string(v.datatype.rawValue) }
            return gridFields.first { $0.name == name }?.get(v.grid)
        case .mask(let m):
            if name == "count" { return .number(Double(VoxelText.count(m))) }
            if name == "volume_ml" { return .number(VoxelText.millilitres(m)) }
            return gridFields.first { $0.name == name }?.get(m.grid)
        case .transform(let transform):
            switch name {
            case "matrix": return matrix(transform.matrix)
            case "rigid": return .boolean(transform.isRigid)
            default: return nil
            }
        case .tensor(let node): return name == "channels" ? .number(Double(node.channels)) : nil
        case .model(let model):
            switch name {
            case "parameters": return .number(Double(model.parameterCount))
            case "trainable": return .number(Double(model.trainableCount))
            case "multiple": return triple(model.requiredMultiple)
            case "channels_in": return .number(Double(model.inputChannels))
            case "channels_out": return .number(Double(model.outputChannels))
            case "pipeline": return model.pipeline.map { .record(record($0)) } ?? Value.none
            case "metadata": return .record(Record(model.metadata.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
            case "program": return model.program.map { .string($0) } ?? Value.none
            default: return nil
            }
        case .figure(let figure):
            switch name {
            case "width": return .number(Double(figure.width))
            case "height": return .number(Double(figure.height))
            default: return nil
            }
        case .range(let range):
            switch name {
            case "start": return .number(Double(range.start))
            case "end": return .number(Double(range.end))
            default: return nil
            }
        case .function(let function): return name == "name" ? .string(function.name) : nil
        default: return nil
        }
    }

    static func unknown(_ name: String, of value: Value, _ names: [String], _ frame: Frame, _ span: Span) -> ScriptError {
        let hint = Text.nearest(to: name, among: names).map { "did you mean `\($0)`?" }
        let list = names.isEmpty ? "" : ": it has \(names.prefix(20).joined(separator: ", "))\(names.count > 20 ? ", …" : "")"
        return frame.fail("\(value.mention) has no field `\(name)`\(list)", hint: hint, at: span)
    }
}
