import Support

/// What runs in which order for one batch and shape, and which memory each tensor takes and when: every buffer is planned before the first step,
/// and buffers whose times do not overlap share memory.
struct Plan {
    /// A layer, or several that run as one.
    struct Operation {
        enum Kind {
            /// Computes a layer's output.
            case layer
            /// Makes a batch normalisation's coefficients, with which readers of its tensor normalise it; no value is touched.
            case normalise
            /// Writes a view out as a tensor, for layers that cannot read views.
            case copy
        }
        let kind: Kind
        /// Layer in the graph whose parameters are used.
        let entry: Int
        /// A ReLU is applied while the output is stored.
        var relu = false
        /// In inference, a batch normalisation applied while the output is stored.
        var norm: Int?
        /// The sums of each channel are taken while the output is stored.
        var sums = false
        /// The gradient that comes back is that before a normalisation, whose sum over each channel is zero.
        var centred = false
        let inputs: [View]
        let output: Int
        var workspace = 0

        /// The stored tensors that are read.
        var slots: [Int] { inputs.flatMap { $0.parts.map(\.slot) } }
    }

    /// A tensor with the places of its values and of its gradient in the arena, in floats.
    struct Slot {
        let channels: Int
        let shape: SIMD3<Int>
        var values = 0
        /// Where the values are during the backward pass, when they were given up in between and computed again.
        var again: Int?
        var gradient: Int?
        /// Everything that is written to the gradient passes through `Writing`: ReLUs can hold it back there, and sums be taken.
        var gated = false
        /// Values are bfloat16.
        var half = false
    }

    let batch: Int
    let shape: SIMD3<Int>
    let training: Bool
    let precision: Precision
    let operations: [Operation]
    let slots: [Slot]
    /// Tensor that the last operation writes.
    let output: Int
    /// Place of the targets, and of working memory.
    let target: Int
    let workspace: Int
    let arenaFloats: Int
    /// For each operation the operations that run again right before its backward pass, in their order.
    let again: [[Int]]
    /// For each layer of the graph the tensors whose values, joined and normalised as operations read them, are the layer's.
    let places: [[Int]]
    /// Tensors whose values could be given up after the forward pass and computed again.
    let renewable: [Int]

    /// `inputGradient` also plans the gradient of the image, which training does not need. The values of the tensors in `renewing`, some of
    /// `renewable`, are given up after the forward pass and computed again when the backward pass needs them. With `precision` bfloat16 the tensors
    /// that convolutions write for others to read lines of are stored so. Without `folding` each layer of a prediction stores what it computes itself.
    init(
        _ graph: Graph, shape: SIMD3<Int>, batch: Int, training: Bool, inputGradient: Bool = false, renewing: Set<Int> = [],
        precision: Precision = .float32, folding: Bool = true
    ) throws {
        let shapes = try graph.shapes(input: shape)
        self.batch = batch
        self.shape = shape
        self.training = training
        self.precision = precision
        try Plan.checkSize(graph, shapes, batch)

        var fusion = Fusion(graph, shapes: shapes, batch: batch, training: training, folding: folding)
        fusion.run(precision)
        places = fusion.places
        operations = fusion.operations
        output = fusion.output
        let memory = PlanMemory(
            graph, fusion.operations, slots: fusion.slots, output: fusion.output, batch: batch, training: training, inputGradient: inputGradient,
            renewing: renewing)
        slots = memory.slots
        target = memory.target
        workspace = memory.workspace
        arenaFloats = memory.arenaFloats
        again = memory.again
        renewable = memory.renewable
    }

    /// Keeps every later product of sizes within Int.
    private static func checkSize(_ graph: Graph, _ shapes: [SIMD3<Int>], _ batch: Int) throws {
        var total = 0.0
        for (i, shape) in shapes.enumerated() {
            total += Double(batch) * Double(graph.entries[i].channels + 16) * Double(shape.x) * Double(shape.y) * Double(shape.z) * 4
        }
        if total > 0x1p46 {
            throw MemoryError(needed: Int(min(total, 0x1p60)), available: Memory.available, purpose: "a batch of this shape")
        }
    }
}
