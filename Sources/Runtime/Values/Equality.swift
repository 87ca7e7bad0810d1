import Support

extension Value {
    /// Structural equality: same kind and same content. Functions, tensors, models and figures are equal to themselves only.
    /// Volumes and masks are equal when their grids are one and all voxels are equal.
    public func equals(_ other: Value) -> Bool {
        switch (self, other) {
        case (.none, .none): true
        case (.boolean(let a), .boolean(let b)): a == b
        case (.number(let a), .number(let b)): a == b
        case (.string(let a), .string(let b)): a == b
        case (.range(let a), .range(let b)): a.count == b.count && (a.count == 0 || a.start == b.start)
        case (.list(let a), .list(let b)):
            a === b || a.count == b.count && zip(a.items, b.items).allSatisfy { $0.equals($1) }
        case (.list(let a), .range(let b)), (.range(let b), .list(let a)):
            a.count == b.count && a.items.enumerated().allSatisfy { $1.equals(.number(Double(b.start + $0))) }
        case (.record(let a), .record(let b)):
            a === b
                || a.fields.count == b.fields.count
                    && a.fields.allSatisfy { name, value in b[name].map { value.equals($0) } ?? false }
        case (.function(let a), .function(let b)): a === b || a.builtin != nil && a.builtin === b.builtin
        case (.volume(let a), .volume(let b)): a === b || a.grid.distance(to: b.grid) <= 0.001 && a.voxels == b.voxels
        case (.mask(let a), .mask(let b)): a === b || a.grid.distance(to: b.grid) <= 0.001 && a.voxels == b.voxels
        case (.tensor(let a), .tensor(let b)): a === b
        case (.model(let a), .model(let b)): a === b
        case (.figure(let a), .figure(let b)): a === b
        default: false
        }
    }
}
