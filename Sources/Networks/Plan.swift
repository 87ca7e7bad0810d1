import Support

/// What runs in which order for one batch and shape, and which memory each tensor takes and when: every buffer is planned before the first step,
/// and buffers whose times do not overlap share memory.
struct Plan {
    /// A layer, or several that run as one.
    struct Operation {
        /// Layer in the graph whose parameters are used.
        let entry: Int
        let relu: Bool
        /// In inference, a batch normalisation applied while the output is stored.
        let norm: Int?
        let inputs: [Int]
        let output: Int
        let workspace: Int
    }

    /// A tensor with the places of its values and of its gradient in the arena, in floats.
    struct Slot {
        let channels: Int
        let shape: SIMD3<Int>
        var values: Int = 0
        var gradient: Int?
    }

    let batch: Int
    let shape: SIMD3<Int>
    let training: Bool
    let operations: [Operation]
    let slots: [Slot]
    /// Tensor that the last operation writes.
    let output: Int
    /// Place of the targets, and of working memory.
    let target: Int
    let workspace: Int
    let arenaFloats: Int

    /// `inputGradient` also plans the gradient of the image, which training does not need.
    init(_ graph: Graph, shape: SIMD3<Int>, batch: Int, training: Bool, inputGradient: Bool = false) throws {
        let shapes = try graph.shapes(input: shape)
        self.batch = batch
        self.shape = shape
        self.training = training
        try Plan.checkSize(graph, shapes, batch)

        // 1. Operations, with neighbours fused where the value between them is used by nobody else.
        var users = [Int](repeating: 0, count: graph.entries.count)
        for entry in graph.entries { for input in entry.inputs { users[input] += 1 } }
        var follower = [Int?](repeating: nil, count: graph.entries.count)
        for (i, entry) in graph.entries.enumerated() where entry.inputs.count == 1 && users[entry.inputs[0]] == 1 {
            follower[entry.inputs[0]] = i
        }

        var tensorOf = [Int](repeating: -1, count: graph.entries.count)
        var slots: [Slot] = []
        var operations: [Operation] = []
        for (i, entry) in graph.entries.enumerated() where tensorOf[i] < 0 {
            var last = i
            var norm: Int?
            var relu = false
            let isConvolution = entry.layer is Convolution || entry.layer is UpConvolution
            if !training, isConvolution, let next = follower[last], graph.entries[next].layer is BatchNorm { (norm, last) = (next, next) }
            if entry.layer.fusesRelu, let next = follower[last], graph.entries[next].layer is Relu { (relu, last) = (true, next) }
            let tensor = slots.count
            slots.append(Slot(channels: graph.entries[last].channels, shape: shapes[last]))
            var at = i
            while true {
                tensorOf[at] = tensor
                if at == last { break }
                at = follower[at] ?? last
            }
            if i == 0 { continue }
            let workspace = entry.layer.workspace(
                input: shapes[entry.inputs[0]], channels: graph.inputChannels(of: i), batch: batch, training: training)
            operations.append(
                Operation(entry: i, relu: relu, norm: norm, inputs: entry.inputs.map { tensorOf[$0] }, output: tensor, workspace: workspace)
            )
        }
        self.operations = operations
        output = tensorOf[graph.entries.count - 1]

        // 2. When each tensor is first written and last read. Operation k runs forward at time k + 1 and backward at 2n + 2 - k; the loss is at n + 1.
        let n = operations.count
        func backwardTime(_ k: Int) -> Int { 2 * n + 2 - k }
        var lives = [Life](repeating: Life(first: 0, last: 0), count: slots.count)
        var consumers = [[Int]](repeating: [], count: slots.count)
        var producer = [Int?](repeating: nil, count: slots.count)
        for (k, op) in operations.enumerated() {
            let needs = graph.entries[op.entry].layer.needs(relu: op.relu)
            lives[op.output].first = k + 1
            lives[op.output].last = max(lives[op.output].last, k + 1, training && needs.output ? backwardTime(k) : 0)
            producer[op.output] = k
            for input in op.inputs {
                lives[input].last = max(lives[input].last, k + 1, training && needs.input ? backwardTime(k) : 0)
                consumers[input].append(k)
            }
        }
        lives[output].last = max(lives[output].last, n + 1)

        // 3. Outputs that take their input's memory: the input is read by this operation alone, and by nobody's backward pass.
        var requests = Requests()
        var valueRequest = [Int](repeating: -1, count: slots.count)
        for t in slots.indices {
            let size = Tensor.floats(batch: batch, channels: slots[t].channels, shape: slots[t].shape)
            if let k = producer[t], graph.entries[operations[k].entry].layer.inPlace {
                let input = operations[k].inputs[0]
                let free = consumers[input].count == 1 && input != 0 && (!training || lives[input].last <= k + 1)
                if free {
                    valueRequest[t] = valueRequest[input]
                    requests.extend(valueRequest[t], to: lives[t].last)
                    continue
                }
            }
            valueRequest[t] = requests.add(size, lives[t])
        }

        // 4. Gradients: written from the last consumer's backward pass on, read by the producer's.
        var gradientRequest = [Int?](repeating: nil, count: slots.count)
        if training {
            for t in slots.indices.reversed() where t != 0 || inputGradient {
                let first = t == output ? n + 1 : consumers[t].last.map(backwardTime) ?? n + 1
                let life = Life(first: first, last: producer[t].map(backwardTime) ?? 2 * n + 3)
                if consumers[t].count == 1, t != output, let next = consumers[t].first, graph.entries[operations[next].entry].layer.inPlace,
                    let shared = gradientRequest[operations[next].output]
                {
                    gradientRequest[t] = shared
                    requests.extend(shared, to: life.last)
                } else {
                    gradientRequest[t] = requests.add(Tensor.floats(batch: batch, channels: slots[t].channels, shape: slots[t].shape), life)
                }
            }
        }
        let outputFloats = Tensor.floats(batch: batch, channels: slots[output].channels, shape: slots[output].shape)
        let targetRequest = training ? requests.add(outputFloats, Life(first: 0, last: n + 1)) : nil
        let workspaceRequest = requests.add(operations.map(\.workspace).max() ?? 0, Life(first: 0, last: 2 * n + 3))

        let (places, total) = requests.place()
        for t in slots.indices {
            slots[t].values = places[valueRequest[t]]
            slots[t].gradient = gradientRequest[t].map { places[$0] }
        }
        self.slots = slots
        target = targetRequest.map { places[$0] } ?? 0
        workspace = places[workspaceRequest]
        arenaFloats = total
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

    struct Life {
        var first: Int
        var last: Int
    }

    /// Stretches of memory wanted over stretches of time.
    private struct Requests {
        var sizes: [Int] = []
        var lives: [Life] = []

        mutating func add(_ floats: Int, _ life: Life) -> Int {
            // Whole pages of 4 kB keep tensors from sharing cache lines.
            sizes.append((floats + 1023) / 1024 * 1024)
            lives.append(life)
            return sizes.count - 1
        }

        mutating func extend(_ request: Int, to last: Int) { lives[request].last = max(lives[request].last, last) }

        /// Largest first, each at the lowest place that is free all its life.
        func place() -> (places: [Int], total: Int) {
            var places = [Int](repeating: 0, count: sizes.count)
            var placed: [Int] = []
            var total = 0
            for r in sizes.indices.sorted(by: { (sizes[$0], $1) > (sizes[$1], $0) }) {
                var at = 0
                let rivals = placed.filter { lives[$0].first <= lives[r].last && lives[r].first <= lives[$0].last }
                for rival in rivals.sorted(by: { places[$0] < places[$1] }) {
                    if at + sizes[r] <= places[rival] { break }
                    at = max(at, places[rival] + sizes[rival])
                }
                places[r] = at
                total = max(total, at + sizes[r])
                placed.append(r)
            }
            return (places, total)
        }
    }
}
