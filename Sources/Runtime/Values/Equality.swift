import Support

extension Value {
    /// Structural equality: same kind and same content. Functions, tensors, models and figures are equal to themselves only.
    /// Volumes and masks are equal when their grids are one and all voxels are equal, transforms when their matrices are.
    ///
    /// NaN equals nothing, except that a list or record is always equal to itself, whatever it holds. Throws `Interrupted`.
    public func equals(_ other: Value) throws -> Bool {
        var comparison = Comparison()
        return try comparison.equal(self, other)
    }
}

/// One comparison under way. Lists that share their parts have few parts but very many paths to them, so pairs that were found equal
/// are remembered; the first pair that is not equal ends it all.
private struct Comparison {
    private struct Pair: Hashable {
        let a: ObjectIdentifier, b: ObjectIdentifier
    }
    private var equalPairs: Set<Pair> = []
    private var steps = 0
    /// Pairs beyond this are forgotten, so that large lists do not cost much more memory to compare.
    private static let mostPairs = 1 << 18

    init() {}

    mutating func equal(_ x: Value, _ y: Value) throws -> Bool {
        steps += 1
        if steps & 4095 == 0 { try Interrupt.check() }
        switch (x, y) {
        case (.none, .none): return true
        case (.boolean(let a), .boolean(let b)): return a == b
        case (.number(let a), .number(let b)): return a == b
        case (.string(let a), .string(let b)): return a == b
        case (.range(let a), .range(let b)): return a.count == b.count && (a.count == 0 || a.start == b.start)
        case (.list(let a), .list(let b)):
            if a === b { return true }
            if a.count != b.count { return false }
            return try remembered(a, b, isSmall: a.depth == 1 && a.count < 8) { comparison in
                for i in 0..<a.count where try !comparison.equal(a[i], b[i]) { return false }
                return true
            }
        case (.list(let a), .range(let b)), (.range(let b), .list(let a)):
            if a.count != b.count { return false }
            for i in 0..<a.count where try !equal(a[i], .number(Double(b.start + i))) { return false }
            return true
        case (.record(let a), .record(let b)):
            if a === b { return true }
            if a.fields.count != b.fields.count { return false }
            return try remembered(a, b, isSmall: a.depth == 1 && a.fields.count < 8) { comparison in
                for (name, value) in a.fields {
                    guard let other = b[name], try comparison.equal(value, other) else { return false }
                }
                return true
            }
        case (.function(let a), .function(let b)): return a === b || a.builtin != nil && a.builtin === b.builtin
        case (.volume(let a), .volume(let b)): return a === b || a.grid.distance(to: b.grid) <= 0.001 && a.voxels == b.voxels
        case (.mask(let a), .mask(let b)): return a === b || a.grid.distance(to: b.grid) <= 0.001 && a.voxels == b.voxels
        case (.transform(let a), .transform(let b)): return a == b
        case (.tensor(let a), .tensor(let b)): return a === b
        case (.model(let a), .model(let b)): return a === b
        case (.figure(let a), .figure(let b)): return a === b
        default: return false
        }
    }

    private mutating func remembered(
        _ a: AnyObject, _ b: AnyObject, isSmall: Bool, _ compare: (inout Comparison) throws -> Bool
    ) throws -> Bool {
        if isSmall { return try compare(&self) }
        let pair = Pair(a: ObjectIdentifier(a), b: ObjectIdentifier(b))
        if equalPairs.contains(pair) { return true }
        guard try compare(&self) else { return false }
        if equalPairs.count >= Self.mostPairs { equalPairs.removeAll(keepingCapacity: true) }
        equalPairs.insert(pair)
        return true
    }
}
