import Support

extension Value {
    /// What a list of variables tells of a value: its extent in words, the bytes that it keeps in memory, and a note where the whole value is no line.
    public var facts: (shape: String, bytes: Int, isShort: Bool, note: String) {
        func count(_ n: Int, _ word: String) -> String { "\(Text.grouped(n)) \(word)\(n == 1 ? "" : "s")" }
        switch self {
        case .none, .boolean, .number, .range, .transform: return ("", MemoryLayout<Value>.stride, true, "")
        case .string(let s): return (count(s.count, "character"), s.utf8.count, true, "")
        case .list(let list): return (count(list.count, "item"), bytes, true, "")
        case .record(let record): return (count(record.fields.count, "field"), bytes, true, "")
        case .function: return ("", bytes, true, "")
        case .volume(let v):
            return (Text.sizes(v.grid.shape), bytes, false, spaced(v.grid.spacing) + " · \(v.grid.facing) · \(v.datatype.rawValue)")
        case .mask(let m): return (Text.sizes(m.grid.shape), bytes, false, spaced(m.grid.spacing) + " · \(m.grid.facing)")
        case .tensor(let node): return (count(node.channels, "channel"), bytes, true, "")
        case .model(let model): return (count(model.parameterCount, "parameter"), bytes, true, "")
        case .figure(let figure): return ("\(figure.width)×\(figure.height)", bytes, true, "")
        case .pending(let pending): return (Text.sizes(pending.expression.grid.shape), bytes, false, spaced(pending.expression.grid.spacing))
        }
    }

    private func spaced(_ spacing: SIMD3<Double>) -> String { (0..<3).map { Text.fixed(spacing[$0], 2) }.joined(separator: "×") + " mm" }

    /// What it holds, items included; what its items share is counted once.
    private var bytes: Int {
        var seen: Set<ObjectIdentifier> = []
        return bytes(&seen)
    }

    private func bytes(_ seen: inout Set<ObjectIdentifier>) -> Int {
        let own = MemoryLayout<Value>.stride
        func shared(_ object: AnyObject, _ count: Int) -> Int { own + (seen.insert(ObjectIdentifier(object)).inserted ? count : 0) }
        switch self {
        case .none, .boolean, .number, .range, .transform, .tensor, .function: return own
        case .string(let s): return own + s.utf8.count
        case .list(let list):
            guard seen.insert(ObjectIdentifier(list)).inserted else { return own }
            return list.reduce(own) { $0 + $1.bytes(&seen) }
        case .record(let record):
            guard seen.insert(ObjectIdentifier(record)).inserted else { return own }
            return record.fields.reduce(own) { $0 + $1.key.utf8.count + $1.value.bytes(&seen) }
        case .volume(let v): return shared(v, v.voxels.count * MemoryLayout<Float>.stride)
        case .mask(let m): return shared(m, m.voxels.count)
        case .model(let model): return shared(model, model.parameterCount * MemoryLayout<Float>.stride)
        case .figure(let figure): return shared(figure, figure.width * figure.height * 4)
        case .pending: return MemoryLayout<Value>.stride
        }
    }
}
