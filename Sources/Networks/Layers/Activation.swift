/// max(x, 0).
struct Relu: Layer {
    static let kind = "relu"
    init() {}
    init(attributes: Attributes) throws {}
}

/// 1 / (1 + exp(−x)).
struct Sigmoid: Layer {
    static let kind = "sigmoid"
    init() {}
    init(attributes: Attributes) throws {}
}
