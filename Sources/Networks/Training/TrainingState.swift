import Support

/// How far a training is, beside its weights and moments.
struct TrainingProgress: Equatable {
    /// The epoch in hand, from 1, and its steps so far.
    var epoch = 1, step = 0
    /// Steps in all.
    var steps = 0
    /// Wall time so far.
    var seconds = 0.0
    /// What the epoch in hand scored so far.
    var sums = Mean()
    /// The best score, and its epoch; 0 before the first.
    var best = -Double.infinity, bestEpoch = 0
    var plateau = Plateau()
    /// The learning rate of the last step.
    var rate = 0.0
    var epochs: [EpochReport] = []
}

/// Keeps the state of a training in a file beside its checkpoint: `best.safetensors` has the best model, `best.training.safetensors` what the training needs to go
/// on as if it had never stopped. Weights, moments and averages are tensors; the rest is JSON in the metadata.
final class StateKeeper {
    let path: String
    private let every: Double
    private let identity: [(name: String, value: String)]
    private var lastTime: Double?
    /// What the last saving took.
    private var cost = 0.0

    static let formatName = "skullstrip-training", formatVersion = "1"

    /// Where the state of a training with a checkpoint is.
    static func path(besideCheckpoint path: String) -> String {
        let suffix = ".safetensors"
        return (path.hasSuffix(suffix) ? String(path.dropLast(suffix.count)) : path) + ".training" + suffix
    }

    /// Throws `FileError` where the file cannot be written.
    init(besideCheckpoint path: String, every: Double, identity: [(name: String, value: String)]) throws {
        self.path = Self.path(besideCheckpoint: path)
        (self.every, self.identity) = (every, identity)
        _ = try AtomicFile(self.path)
    }

    /// Saves when it is time to: after the first step, every `every` seconds, and at the end of an epoch unless savings would take a twentieth of the time.
    /// Throws `FileError`; the file is then as it was.
    func save(_ stepper: Stepper, _ progress: TrainingProgress, always: Bool, epochEnds: Bool) throws {
        let now = Clock.seconds
        if !always, let lastTime, now - lastTime < (epochEnds ? min(every, 20 * cost) : every) { return }
        try write(stepper, progress)
        lastTime = Clock.seconds
        cost = Clock.seconds - now
    }

    // MARK: Writing

    private func write(_ stepper: Stepper, _ progress: TrainingProgress) throws {
        let model = stepper.model
        var arrays: [(name: String, shape: [Int], values: () -> [Float])] = []
        for (i, run) in runs(stepper) {
            let slot = model.parameters.slots[i]
            arrays.append(("\(run.name).\(slot.name)", slot.spec.shape, { model.parameters.read(slot: i, from: run.base) }))
        }
        let members = identity.map { (key: $0.name, value: JSON.string($0.value)) }
        try TensorFile.write(
            to: path,
            metadata: [
                ("format", Self.formatName), ("version", Self.formatVersion), ("graph", GraphText.encode(model.graph).text),
                ("options", JSON.object(members).text), ("progress", progress.json(stepper).text),
            ], tensors: arrays.map { (name: $0.name, shape: $0.shape, type: StoredNumber.float32) }
        ) { arrays[$0].values() }
    }

    private struct Run {
        let name: String
        let base: UnsafeMutablePointer<Float>
    }

    /// Each array that belongs to the state: a slot of the parameters, and a run of memory that is laid out like it.
    private func runs(_ stepper: Stepper) -> [(slot: Int, run: Run)] {
        let parameters = stepper.model.parameters
        var runs: [(Int, Run)] = []
        for (i, slot) in parameters.slots.enumerated() {
            runs.append((i, Run(name: "weight", base: slot.spec.trainable ? parameters.values.base : parameters.states.base)))
            if let average = stepper.average {
                runs.append((i, Run(name: "average", base: slot.spec.trainable ? average.values.base : average.states.base)))
            }
            guard slot.spec.trainable else { continue }
            runs.append((i, Run(name: "first", base: stepper.optimizer.first.base)))
            if let second = stepper.optimizer.second { runs.append((i, Run(name: "second", base: second.base))) }
        }
        return runs
    }

    // MARK: Reading

    /// Puts the state in the file into the stepper and its model; nil where there is no file. Throws `NetworkError.resume` where the training was begun with other
    /// options, `.state` where the file is damaged; the model is then as it was.
    func load(into stepper: Stepper) throws -> TrainingProgress? {
        guard FileSystem.exists(path) else { return nil }
        do {
            let file = try TensorFile(path)
            guard file.metadata["format"] == Self.formatName else { throw file.fail("it does not hold the state of a training") }
            guard file.metadata["version"] == Self.formatVersion else {
                throw file.fail("it was written by another version (format \(file.metadata["version"] ?? "unknown"))")
            }
            try compare(file, stepper)
            let (progress, rest) = try TrainingProgress.decode(JSON(file.metadata["progress"] ?? ""))
            let parameters = stepper.model.parameters
            let arrays = try runs(stepper).map { i, run in
                let slot = parameters.slots[i]
                let name = "\(run.name).\(slot.name)"
                if let problem = file.problem(name, shape: slot.spec.shape) { throw file.fail(problem) }
                return (i, run, try file.values(name))
            }
            for (i, run, values) in arrays { try parameters.write(slot: i, values, to: run.base) }
            stepper.optimizer.step = rest.updates
            stepper.model.trainedSteps = rest.trainedSteps
            return progress
        } catch NetworkError.file(_, let reason) {
            throw NetworkError.state(path: path, reason: reason)
        } catch let error as JSON.Malformed {
            throw NetworkError.state(path: path, reason: error.reason)
        } catch let error as Attributes.Missing {
            throw NetworkError.state(path: path, reason: error.reason)
        }
    }

    private func compare(_ file: TensorFile, _ stepper: Stepper) throws {
        var changes: [String] = []
        if file.metadata["graph"] != GraphText.encode(stepper.model.graph).text { changes.append("the network has other layers") }
        let before = try JSON(file.metadata["options"] ?? "")
        for (name, value) in identity {
            // What a state of an earlier version does not name was no choice then.
            if let old = before[name]?.string, old != value { changes.append("\(name) was \(old), and is \(value)") }
        }
        if !changes.isEmpty { throw NetworkError.resume(path: path, changes: changes) }
    }
}
