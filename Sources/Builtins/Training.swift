import Imaging
import Networks
import Runtime
import Support

/// What a training minimises, as a script names it.
enum LossName: String, CaseIterable, Sendable, Convertible {
    case dice
    var loss: Loss { .dice }
}

/// How values between layers are stored, as a script names it.
enum PrecisionName: String, CaseIterable, Sendable, Convertible {
    case float32, bf16
    var precision: Precision { self == .bf16 ? .bfloat16 : .float32 }
}

extension Catalog {
    static let training: [Builtin] = [
        Builtin(
            "adam", "The Adam optimiser, for `fit`.", theme: .training,
            details: "Kingma and Ba 2015 (arXiv:1412.6980), with bias correction.",
            Param<Double>("rate", "learning rate", default: 1e-3),
            Param<Double>("beta1", "decay of the mean of gradients", default: 0.9),
            Param<Double>("beta2", "decay of the mean of squares", default: 0.999),
            Param<Double>("epsilon", "added to the root of the mean of squares", default: 1e-7),
            returns: "a record that `fit` takes as `optimizer`",
            examples: [Example("adam(1e-4).rate", "0.0001")]
        ) { _, rate, beta1, beta2, epsilon -> OptimizerChoice in
            let optimizer = Optimizer.adam(rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon)
            try optimizer.validate()
            return OptimizerChoice(optimizer: optimizer)
        },

        Builtin(
            "fit", "Train a network on images and masks.", theme: .training,
            details: """
                `train` and `valid` are lists of records with the fields `image` and `mask`: volumes and masks, or paths of files, which are read when
                a batch needs them, so that a cohort never has to fit into memory. All of one shape, which `unet3d` wants divisible by 2^depth.
                Batches are drawn in an order shuffled by `seed`. The loss is the soft Dice loss, 1 − (2Σpt + 1) / (Σp + Σt + 1) for each sample; it
                compares probabilities, so the network must end with `sigmoid`.
                After each epoch the validation loss, Dice and IoU are taken, of masks as `predict` makes them at threshold 0.5, and where the IoU is the
                best so far (the training loss, without `valid`), the model is saved to `checkpoint`. The network itself ends with the last weights;
                `load(checkpoint)` is the best.
                Where the training would take more than `memory`, values are computed again in the backward pass instead of being kept; the result is the same,
                and a step takes up to a third longer. `plan` tells beforehand.
                Ctrl-C drops the step in hand. At the prompt `fit` then returns its record with `stopped = true`, and the network is usable, with the
                weights of its last finished step. A script ends with exit code 130 once `fit` has returned; `checkpoint` keeps the best model.
                """,
            Param<Model>("net", "the model, trained in place"),
            Param<[Record]>("train", "records {image, mask}, and id for messages"),
            Param<[Record]>("valid", "records that are only predicted", default: []),
            Param<Int>("epochs", "turns", default: 10),
            Param<Int?>("steps", "batches an epoch; none goes once over `train`", default: nil),
            Param<Int>("batch", "samples a step", default: 1),
            Param<LossName>("loss", "what is minimised", default: .dice),
            Param<OptimizerChoice>("optimizer", "how weights follow gradients", default: OptimizerChoice(optimizer: .adam())),
            Param<String?>("checkpoint", "where the best model is saved (.safetensors)", default: nil),
            Param<Double?>("memory", "megabytes that the training may take; none for what is free", default: nil),
            Param<PrecisionName>("precision", "how values between layers are stored: bf16 takes half of the memory", default: .float32),
            Param<UInt64>("seed", "seeds order and dropout", default: 0),
            returns: "a record {history, best_epoch, seconds, stopped}; history is a list of a record for each epoch",
            examples: [
                Example(
                    "head = phantom(seed=1, shape=16, spacing=12)\npair = {image: normalize(head.image), mask: head.mask}\n"
                        + "run = fit(unet3d(filters=4, depth=2), [pair], epochs=2)\nlength(run.history)", "2")
            ]
        ) { context, net, train, valid, epochs, steps, batch, loss, optimizer, checkpoint, memory, precision, seed -> Record in
            let checkpoint = checkpoint.map(context.path)
            if let checkpoint, !checkpoint.hasSuffix(".safetensors") {
                throw context.reject("checkpoint", expected: "a file name ending in .safetensors", found: "\"\(checkpoint)\"")
            }
            let options = FitOptions(
                epochs: epochs, steps: steps, batch: batch, loss: loss.loss, optimizer: optimizer.optimizer, checkpoint: checkpoint,
                memory: try memory.map { try megabytes($0, context) }, precision: precision.precision, seed: seed)
            let report = TrainingReport(context: context, epochs: epochs)
            defer { context.progress.clear() }
            let history = try Networks.fit(
                net, train: SubjectSource(train, "train", context), valid: valid.isEmpty ? nil : SubjectSource(valid, "valid", context),
                options: options, onStep: report.step, onEpoch: report.epoch)
            if history.stopped {
                context.note(
                    "fit: stopped after \(history.epochs.count) of \(epochs) epochs; the network has the weights of its last finished step")
            }
            return history.record
        },
    ]
}

/// An optimiser as a script writes it: a record that `adam` made, or the bare word.
struct OptimizerChoice: Convertible, Sendable {
    let optimizer: Optimizer

    static var typeName: String { "optimizer" }
    static var expected: String { "an optimizer such as adam(1e-3)" }

    static func from(_ value: Value) throws(Mismatch) -> OptimizerChoice {
        if case .string("adam") = value { return OptimizerChoice(optimizer: .adam()) }
        guard case .record(let record) = value, case .string("adam")? = record["optimizer"] else { throw Mismatch(expected) }
        func number(_ name: String, _ fallback: Double) throws(Mismatch) -> Double {
            guard let value = record[name] else { return fallback }
            return try Double.from(value)
        }
        return OptimizerChoice(
            optimizer: .adam(
                rate: try number("rate", 1e-3), beta1: try number("beta1", 0.9), beta2: try number("beta2", 0.999),
                epsilon: try number("epsilon", 1e-7)))
    }

    var value: Value {
        switch optimizer {
        case .adam(let rate, let beta1, let beta2, let epsilon):
            .record(
                Record([
                    ("optimizer", "adam"), ("rate", .number(rate)), ("beta1", .number(beta1)), ("beta2", .number(beta2)),
                    ("epsilon", .number(epsilon)),
                ]))
        }
    }
}

extension History {
    /// What a script sees of a training.
    var record: Record {
        Record([
            ("history", epochs.map(\.record).value), ("best_epoch", bestEpoch.value), ("seconds", seconds.value),
            ("stopped", stopped.value),
        ])
    }
}

extension EpochReport {
    var record: Record {
        var fields: [(String, Value)] = [
            ("epoch", epoch.value), ("loss", loss.value), ("dice", dice.value), ("iou", iou.value),
        ]
        if let validLoss { fields.append(("valid_loss", validLoss.value)) }
        if let validDice { fields.append(("valid_dice", validDice.value)) }
        if let validIoU { fields.append(("valid_iou", validIoU.value)) }
        return Record(fields + [("seconds", seconds.value), ("best", best.value)])
    }
}
