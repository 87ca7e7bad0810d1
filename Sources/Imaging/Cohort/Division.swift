import Support

extension Cohort {
    /// Divides 0 ..< count into training and test indices, shuffled by `seed`; both are in shuffled order.
    ///
    /// `round(count · test)` go to the test set, but with two or more subjects and 0 < test < 1 at least one to each side.
    /// - Parameter keys: for each index what it belongs to (its subject, say): indices of one key stay together, and the share is met as
    ///   nearly from below as they allow. None takes each index for itself.
    /// - Throws: `CohortError` for a share outside 0 … 1, a negative count, and keys that are all one; `Interrupted`.
    public static func split(count: Int, test: Double, seed: UInt64, keys: [String]? = nil) throws -> (train: [Int], test: [Int]) {
        guard test >= 0, test <= 1 else { throw CohortError.share(test) }
        let groups = try shuffledGroups(count, keys, seed)
        var wanted = Int((Double(count) * test).rounded())
        if count >= 2, test > 0, test < 1 {
            guard groups.count >= 2 else { throw CohortError.groups(found: groups.count, needed: 2) }
            wanted = min(max(wanted, 1), count - 1)
        }
        var held: [Int] = [], rest: [Int] = []
        for (i, group) in groups.enumerated() {
            if i & 4095 == 0 { try Interrupt.check() }
            if held.count + group.count <= wanted || wanted > 0 && held.isEmpty && group.count < count {
                held += group
            } else {
                rest += group
            }
        }
        return (rest, held)
    }

    /// `k` divisions of 0 ..< count into training and test indices, whose test sets are disjoint, together everything, and as equal in size
    /// as keys allow.
    ///
    /// - Parameter keys: as in `split`.
    /// - Throws: `CohortError` for fewer than two folds, a negative count, or fewer keys than folds; `Interrupted`.
    public static func folds(count: Int, _ k: Int, seed: UInt64, keys: [String]? = nil) throws -> [(train: [Int], test: [Int])] {
        guard k >= 2 else { throw CohortError.folds(k) }
        let groups = try shuffledGroups(count, keys, seed)
        guard groups.count >= k else { throw CohortError.groups(found: groups.count, needed: k) }
        var parts = [[Int]](repeating: [], count: k)
        // Large groups first, each to the part that has least; groups of one size stay in shuffled order.
        for group in groups.enumerated().sorted(by: { ($1.element.count, $0.offset) < ($0.element.count, $1.offset) }).map(\.element) {
            let least = parts.indices.min { (parts[$0].count, $0) < (parts[$1].count, $1) } ?? 0
            parts[least] += group
        }
        return parts.indices.map { n in (parts.indices.filter { $0 != n }.flatMap { parts[$0] }, parts[n]) }
    }

    /// Indices of one key, in their order; the keys shuffled by Fisher and Yates' method.
    private static func shuffledGroups(_ count: Int, _ keys: [String]?, _ seed: UInt64) throws -> [[Int]] {
        guard count >= 0, count <= Int(Int32.max) else { throw CohortError.count(count) }
        var groups: [[Int]] = []
        if let keys {
            var known: [String: Int] = [:]
            for (i, key) in keys.enumerated() {
                if i & 4095 == 0 { try Interrupt.check() }
                if let group = known[key] {
                    groups[group].append(i)
                } else {
                    known[key] = groups.count
                    groups.append([i])
                }
            }
        } else {
            groups = try Interrupt.map(0..<count) { [$0] }
        }
        var random = CounterRandom(seed: seed, stream: 0x5917)
        try Interrupt.shuffle(&groups, using: &random)
        return groups
    }
}
