import Support

/// Whether numbers are finite.
enum Finite {
    static func all(_ values: [Float]) -> Bool {
        values.withUnsafeBufferPointer { p in p.baseAddress.map { all($0, p.count) } ?? true }
    }

    static func all(_ values: UnsafePointer<Float>, _ count: Int) -> Bool {
        let base = Unchecked(values)
        return Parallel.mapRanges(count) { range in
            // Whole numbers, so that the loop becomes vector instructions: an exponent of all ones is infinite or no number.
            var found: UInt32 = 0
            for i in range { found |= base.value[i].bitPattern & 0x7F80_0000 == 0x7F80_0000 ? 1 : 0 }
            return found == 0
        }.allSatisfy { $0 }
    }
}
