import Glibc
import Support

/// What a training will take, told before it runs.
public struct TrainingEstimate: Sendable {
    /// Bytes that the process will hold at most: what it holds now, the planned memory, weights, optimiser, samples.
    public var memory: Int
    /// Seconds of a training step.
    public var secondsPerStep: Double
    /// Seconds to predict one image of the shape, as validation does.
    public var secondsPerPrediction: Double
    /// The share of a step's operations that is spent on computing again what memory did not hold.
    public var recomputed: Double
}

extension Model {
    /// Tells the memory and the time of training steps on samples of `shape` in batches of `batch`, within `memory` bytes as in `FitOptions`.
    ///
    /// The memory follows from the plan. The time is that of steps on two thinner boxes of the same width and height, drawn out to the full depth: about two
    /// seconds. No weight changes. Throws what `fit` throws for the shape and the bound, and `Interrupted`.
    public func estimate(shape: SIMD3<Int>, batch: Int = 1, memory: Int? = nil, validates: Bool = false, precision: Precision = .float32)
        throws -> TrainingEstimate {
        guard (1...1 << 16).contains(batch) else {
            throw NetworkError.option(name: "batch", value: "\(batch)", expected: "1 to 65,536")
        }
        releaseMemory()
        let held = Memory.held ?? 0
        let budget = MemoryBudget(self, shape: shape, batch: batch, validates: validates, precision: precision)
        let plan = try budget.plan(within: memory)
        let renewing = Set(plan.slots.indices.filter { plan.slots[$0].again != nil })
        // Each thread has a few megabytes of its own for the tile in hand.
        let bytes = try held + budget.besides() - 4 * parameters.values.count + 4 * plan.arenaFloats + Parallel.threads << 22
        func layerFlops(_ k: Int) -> Double {
            let op = plan.operations[k]
            return op.kind == .layer
                ? graph.entries[op.entry].layer.flops(inputs: graph.inputChannels(of: op.entry), output: plan.slots[op.output].shape) : 0
        }
        let all = 3 * plan.operations.indices.reduce(0) { $0 + layerFlops($1) }
        let more = plan.again.joined().reduce(0) { $0 + layerFlops($1) }
        let weights = try optimiserSeconds()
        let step = try drawnOut(shape, batch) { try stepSeconds($0, renewing, precision) }
        let prediction = try drawnOut(shape, 1) { try predictionSeconds($0, precision) }
        return TrainingEstimate(
            memory: bytes, secondsPerStep: step + weights, secondsPerPrediction: prediction, recomputed: all > 0 ? more / (all + more) : 0)
    }

    /// The time at full depth and batch from times at two smaller depths.
    private func drawnOut(_ shape: SIMD3<Int>, _ batch: Int, _ seconds: (SIMD3<Int>) throws -> Double) throws -> Double {
        let unit = requiredMultiple.z
        func box(_ z: Int) -> SIMD3<Int> { SIMD3(shape.x, shape.y, z) }
        // A sixth or so of the depth, but no sliver: there the deepest levels would be all border.
        let depth = shape.z * batch
        let first = min(shape.z, max(2, (shape.z / 6 + unit - 1) / unit) * unit)
        let start = Clock.seconds
        let a = try seconds(box(first))
        if first == shape.z { return a * Double(batch) }
        // The second box is as deep as what is left of a second allows.
        let left = max(0.3, 1 - (Clock.seconds - start))
        let most = Int(left / 2.5 / max(1e-6, a) * Double(first)) / unit * unit
        let second = min(shape.z, max(first + unit, min(most, 2 * first)))
        let b = try seconds(box(second))
        // Where another program disturbed the first, the second alone says more.
        let slope = max((b - a) / Double(second - first), 0.5 * b / Double(second))
        return b + slope * Double(depth - second)
    }

    /// The least time of a step's passes and loss on random numbers, of a few turns.
    private func stepSeconds(_ shape: SIMD3<Int>, _ renewing: Set<Int>, _ precision: Precision) throws -> Double {
        let plan = try Plan(graph, shape: shape, batch: 1, training: true, renewing: renewing, precision: precision)
        let engine = try Engine(self, plan: plan)
        let random = CounterRandom(seed: 1)
        let values = (0..<inputChannels * shape.product).map { Float(random.uniform(at: UInt64($0))) }
        values.withUnsafeBufferPointer { if let p = $0.baseAddress { engine.input.fill(sample: 0, from: p) } }
        return try leastSeconds {
            try engine.forward(seed: 1, step: 1)
            let place = engine.lossTarget
            _ = try Loss.dice.evaluate(engine.output, target: engine.target, gradient: place)
            try engine.backward(seed: 1, step: 1, fromLoss: place?.skipsLast == true)
        }
    }

    private func predictionSeconds(_ shape: SIMD3<Int>, _ precision: Precision) throws -> Double {
        let engine = try Engine(self, plan: Plan(graph, shape: shape, batch: 1, training: false, precision: precision))
        return try leastSeconds { try engine.forward() }
    }

    /// The time that moving all weights takes, from a part of them.
    private func optimiserSeconds() throws -> Double {
        let all = parameters.values.count
        let part = min(all, 1 << 21)
        if part == 0 { return 0 }
        let values = try Buffer(count: part, for: "an estimate"), gradient = try Buffer(count: part, for: "an estimate")
        let adam = try OptimizerState(.adam(), weights: part)
        return try leastSeconds { adam.update(values, gradient: gradient) } * Double(all) / Double(part)
    }

    /// Once to touch the memory, then the least of up to three turns within about a quarter of a second.
    private func leastSeconds(_ body: () throws -> Void) throws -> Double {
        try body()
        var least = Double.infinity
        var spent = 0.0
        for _ in 0..<3 where spent < 0.25 {
            let start = Clock.seconds
            try body()
            let seconds = Clock.seconds - start
            least = min(least, seconds)
            spent += seconds
        }
        return least
    }
}
