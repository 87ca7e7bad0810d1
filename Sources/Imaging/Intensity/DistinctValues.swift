import Support

extension Volume {
    /// The values that voxels have, in ascending order, nan left out: of a map its labels. Throws `IntensityError.argument` where there are more than `most` of them, and `Interrupted`.
    public func distinctValues(atMost most: Int) throws -> [Float] {
        var known: Set<Float> = []
        var last = Float.nan
        for (i, value) in voxels.enumerated() {
            if i & 0xFFFF == 0 { try Interrupt.check() }
            // Maps have runs of one value.
            if value == last || value.isNaN { continue }
            last = value
            if known.insert(value).inserted, known.count > most {
                throw IntensityError.argument(name: "xs", value: Double(known.count), allowed: "a volume of at most \(Text.grouped(most)) different values")
            }
        }
        return known.sorted()
    }
}
