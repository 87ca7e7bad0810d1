import Networks
import Runtime
import Support

extension Metric: Convertible {}

/// How validation samples are predicted, as a script names it.
enum ValidationName: String, CaseIterable, Sendable, Convertible {
    case whole, sliding
}

extension Catalog {
    static let training: [Builtin] = [
        Builtin(
            "fit", "Train a network on images and masks.", theme: .training,
            details: """
                `train` and `valid` are lists of records with the fields `image` and `mask`: volumes and masks, or paths of files, which are read when
                a batch needs them, so that a cohort never has to fit into memory. All of one shape, which `unet3d` wants divisible by 2^depth.
                A mask may be a volume of shares from 0 to 1, such as one with soft edges; Dice and IoU take those of at least one half.
                With `prepare` records may hold anything: the function makes {image, mask} of each when a batch needs it, while the network trains on the batch
                before. Its parameter `seed`, if it has one, is a whole number that differs each time that a training sample is asked for, follows from the training's
                seed, and stays the same for a record of `valid`.
                Batches are drawn in an order shuffled by `seed`.
                Losses compare probabilities, so the network must end with `sigmoid` or, for classes that exclude each other, with `softmax`. "dice" is
                1 − (2Σpt + 1) / (Σp + Σt + 1) of each sample and channel; "bce" is binary cross-entropy and "ce" that over classes; "dice+bce" and "dice+ce" are
                sums; `tversky` and `focal` have parameters. `schedule` changes the learning rate from step to step: `cosine`, `poly`, `onecycle`, `plateau`,
                `constant`, each with a warm-up.
                After each epoch the validation loss, Dice and IoU are taken, of masks as `predict` makes them at threshold 0.5, and where the IoU is the
                best so far (the training loss, without `valid`), the model is saved to `checkpoint`. The network itself ends with the last weights, or with `ema`
                their running average, which is also what is validated and saved; `load(checkpoint)` is the best.
                Beside `checkpoint`, in a file that ends in .training.safetensors, all is saved that the training needs to go on: with `resume` it ends with the same
                weights, bit for bit, as if it had never been stopped, however it was. Options that change what is learned must be the same; `epochs` and
                `minutes` may grow.
                Where the training would take more than `memory`, values are computed again in the backward pass instead of being kept; the result is the same,
                and a step takes up to a third longer. `plan` tells beforehand.
                The first Ctrl-C finishes the step in hand, the second drops it. At the prompt `fit` then returns its record with `stopped = true`, and the network is
                usable, with the weights of its last finished step. A script ends with exit code 130 once `fit` has returned.
                """,
            Param<Model>("net", "the model, trained in place"),
            Param<[Record]>("train", "records {image, mask}, and id for messages"),
            Param<[Record]>("valid", "records that are only predicted", default: []),
            Param<Function?>(
                "prepare", "makes {image, mask} of each record: a function of a record, and of a seed where it has a parameter `seed`",
                default: nil),
            Param<Int?>("epochs", "turns; none is 10, or with `minutes` as many as there is time for", default: nil),
            Param<Int?>("steps", "steps an epoch; none goes once over `train`", default: nil),
            Param<Int>("batch", "samples a step", default: 1),
            Param<LossChoice>("loss", "what is minimised", default: .dice),
            Param<OptimizerChoice>("optimizer", "how weights follow gradients", default: .adam),
            Param<ScheduleChoice>("schedule", "how the learning rate changes", default: .constant),
            Param<Double?>("minutes", "wall time after which training ends; schedules stretch to it", default: nil),
            Param<Double?>(
                "ema", "share of a running average of the weights that stays each step, such as 0.999; none for no average", default: nil),
            Param<Double?>("clip", "the longest gradient over all weights; longer ones are scaled down", default: nil),
            Param<Int>("accumulate", "batches whose gradients make one step", default: 1),
            Param<Int?>("patience", "epochs without a better model after which training ends", default: nil),
            Param<WholeTriple?>(
                "patch", "shape of random pieces of the samples to train on, in voxels, along one axis at least no larger than they are; none takes them whole", default: nil),
            Param<ValidationName>(
                "validate", "how `valid` is predicted: whole, or in overlapping boxes of the size of `patch`", default: .whole),
            Param<[Metric]>("metrics", "reported beside Dice and IoU", default: []),
            Param<String?>("checkpoint", "where the best model is saved (.safetensors)", default: nil),
            Param<Bool>("resume", "go on with the training that `checkpoint` belongs to, if there is one", default: false),
            Param<String?>("log", "a .csv file with a row for each epoch, or a folder of event files for TensorBoard", default: nil),
            Param<Double>("every", "minutes between two savings of the training's state", default: 5),
            Param<Double?>("memory", "megabytes that the training may take; none for what is free", default: nil),
            Param<PrecisionName>("precision", "how values between layers are stored: bf16 takes half of the memory", default: .float32),
            Param<UInt64>("seed", "seeds order and dropout", default: 0),
            returns: "a record {history, best_epoch, seconds, stopped, steps, …}; history is a list of a record for each epoch",
            examples: [
                Example(
                    "head = phantom(seed=1, shape=16, spacing=12)\npair = {image: normalize(head.image), mask: head.mask}\n"
                        + "run = fit(unet3d(filters=4, depth=2), [pair], epochs=2)\nlength(run.history)", "2")
            ]
        ) {
            context, net, train, valid, prepare, epochs, steps, batch, loss, optimizer, schedule, minutes, ema, clip, accumulate, patience,
            patch, validate,
            metrics, checkpoint, resume, log, every, memory, precision, seed -> Record in
            let checkpoint = try checkpoint.map(context.path)
            if let checkpoint, !checkpoint.isFile(ending: ".safetensors") {
                throw context.reject("checkpoint", expected: "a file name ending in .safetensors", found: "\"\(checkpoint)\"")
            }
            var options = FitOptions(
                epochs: epochs ?? (minutes == nil ? 10 : nil), steps: steps, batch: batch, loss: loss.loss, optimizer: optimizer.optimizer,
                checkpoint: checkpoint, memory: try memory.map { try megabytes($0, context) }, precision: precision.precision, seed: seed)
            (options.schedule, options.minutes, options.ema, options.clip) = (schedule.schedule, minutes, ema, clip)
            (options.accumulate, options.patience, options.patch) = (accumulate, patience, patch?.numbers)
            // Each is told once, Dice and IoU in any case.
            for metric in metrics where metric != .dice && metric != .iou && !options.metrics.contains(metric) { options.metrics.append(metric) }
            options.slides = validate == .sliding
            (options.resume, options.every, options.log) = (resume, every, try log.map(context.path))
            options.sources = [("train", mark(of: train)), ("valid", mark(of: valid)), ("prepare", mark(of: prepare))]
            let preparation = try prepare.map { try Preparation($0, context, training: net) }
            defer { preparation?.finish() }
            let report = TrainingReport(context: context, options: options)
            report.begin()
            defer { context.progress.clear() }
            let history = try Networks.fit(
                net, train: SubjectSource(train, "train", context, preparation, classes: net.outputChannels),
                valid: valid.isEmpty ? nil : SubjectSource(valid, "valid", context, preparation, classes: net.outputChannels),
                options: options,
                onBegin: report.resume, onStep: report.step, onEpoch: report.epoch)
            report.end(history)
            return history.record(options)
        },

        Builtin(
            "lr_find", "The loss at rising learning rates: which rate to train with.", theme: .training,
            details: """
                Smith 2017 (doi:10.1109/WACV.2017.58): steps as `fit` takes them, the rate of each a little higher than before, until the loss blows up. `plot` draws \
                what it gives. `suggestion` is where the smoothed loss falls fastest; none where it never falls. The network is left as it was.
                """,
            Param<Model>("net", "the model"),
            Param<[Record]>("train", "records {image, mask}"),
            Param<Function?>("prepare", "makes {image, mask} of each record, as for `fit`", default: nil),
            Param<Int>("batch", "samples a step", default: 1),
            Param<LossChoice>("loss", "what is minimised", default: .dice),
            Param<OptimizerChoice>("optimizer", "how weights follow gradients; its rate does not matter", default: .adam),
            Param<Double>("from", "the lowest rate", default: 1e-6),
            Param<Double>("to", "the highest rate", default: 1),
            Param<Int>("steps", "how many", default: 100),
            Param<WholeTriple?>(
                "patch", "shape of random pieces of the samples to train on, in voxels, along one axis at least no larger than they are; none takes them whole", default: nil),
            Param<UInt64>("seed", "seeds order and dropout", default: 0),
            returns: "a record {rates, losses, smoothed, suggestion}; the first three are lists",
            examples: [
                Example(
                    "head = phantom(seed=1, shape=16, spacing=12)\npair = {image: normalize(head.image), mask: head.mask}\n"
                        + "found = lr_find(unet3d(filters=4, depth=2), [pair], steps=5)\nlength(found.rates)", "5")
            ]
        ) { context, net, train, prepare, batch, loss, optimizer, from, to, steps, patch, seed -> Record in
            var options = FitOptions(epochs: 1, batch: batch, loss: loss.loss, optimizer: optimizer.optimizer, seed: seed)
            options.patch = patch?.numbers
            let preparation = try prepare.map { try Preparation($0, context, training: net) }
            defer {
                preparation?.finish()
                context.progress.clear()
            }
            let found = try findRate(
                net, train: SubjectSource(train, "train", context, preparation, classes: net.outputChannels), options: options, from: from,
                to: to, steps: steps,
                onStep: { context.progress.bar("lr_find", done: $0, of: steps) })
            return Record([
                ("rates", found.rates.value), ("losses", found.losses.value), ("smoothed", found.smoothed.value),
                ("suggestion", found.suggestion.value),
            ])
        },
    ]
}

/// What tells one cohort from another: a hash of the records' words and numbers, and of the shapes of what they hold.
private func mark(of records: [Record]) -> String {
    func add(_ value: Value, to hash: inout ContentHash) {
        switch value {
        case .string(let text): hash.add(text)
        case .number(let number): hash.add([number])
        case .volume(let volume): hash.add(Text.sizes(volume.grid.shape))
        case .mask(let mask): hash.add(Text.sizes(mask.grid.shape))
        case .list(let list): for item in list.items { add(item, to: &hash) }
        default: hash.add(value.mention)
        }
    }
    var hash = ContentHash()
    for record in records {
        for (name, value) in record.fields {
            hash.add(name)
            add(value, to: &hash)
        }
    }
    return records.isEmpty ? "none" : "\(records.count) records (\(hash.text.prefix(8)))"
}

/// What tells one function from another: a hash of its text, or its bare signature where it has none.
private func mark(of function: Function?) -> String {
    guard let function else { return "none" }
    guard let text = try? function.text() else { return function.signature }
    var hash = ContentHash()
    hash.add(text)
    return "\(function.name) (\(hash.text.prefix(8)))"
}

extension History {
    /// What a script sees of a training.
    func record(_ options: FitOptions) -> Record {
        Record([
            ("history", epochs.map { $0.record(options) }.value), ("best_epoch", bestEpoch.value), ("seconds", seconds.value),
            ("stopped", stopped.value), ("steps", steps.value), ("seed", options.seed.value), ("loss", LossChoice.value(options.loss)),
            ("optimizer", OptimizerChoice.value(options.optimizer)), ("schedule", ScheduleChoice.value(options.schedule)),
            ("batch", options.batch.value),
        ])
    }
}

extension EpochReport {
    func record(_ options: FitOptions) -> Record {
        var fields: [(String, Value)] = [
            ("epoch", epoch.value), ("loss", loss.value), ("dice", dice.value), ("iou", iou.value),
        ]
        fields += zip(options.metrics, metrics).map { ($0.rawValue, $1.value) }
        if let validLoss { fields.append(("valid_loss", validLoss.value)) }
        if let validDice { fields.append(("valid_dice", validDice.value)) }
        if let validIoU { fields.append(("valid_iou", validIoU.value)) }
        fields += zip(options.metrics, validMetrics ?? []).map { ("valid_" + $0.rawValue, $1.value) }
        return Record(fields + [("rate", rate.value), ("seconds", seconds.value), ("best", best.value)])
    }
}
