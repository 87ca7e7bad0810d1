/// Joins tensors of one shape along their channels.
struct Concat: Layer {
    static let kind = "concat"
    init() {}
    init(attributes: Attributes) throws {}

    func channels(_ inputs: [Int]) throws -> Int {
        let total = inputs.reduce(0, +)
        try check("number of channels", total, 1...Limit.channels)
        return total
    }

    func shape(_ inputs: [SIMD3<Int>]) throws -> SIMD3<Int> {
        for shape in inputs where shape != inputs[0] {
            throw NetworkError.mismatch(layer: kind, detail: "cannot join \(text(inputs[0])) and \(text(shape))")
        }
        return inputs[0]
    }
}
