import Support

/// Writes down how a training goes: a table with a row for each epoch where the name ends in .csv, else TensorBoard's event files in a folder.
final class TrainingLog {
    private enum Kind {
        case table(path: String)
        case events(EventFile)
    }
    private let kind: Kind
    private let metrics: [String]

    /// `from` is the step from which a resumed training goes on. Throws `FileError` where the file cannot be written.
    init(_ path: String, metrics: [Metric], from step: Int?) throws {
        self.metrics = metrics.map(\.rawValue)
        if path.isFile(ending: ".csv") {
            _ = try AtomicFile(path)
            kind = .table(path: path)
        } else {
            kind = .events(try EventFile(folder: path, from: step))
        }
    }

    func add(_ r: StepReport, number: Int) throws {
        guard case .events(let file) = kind else { return }
        try file.add(
            [("step/loss", r.loss), ("step/dice", r.dice), ("step/rate", r.rate), ("step/gradient", r.norm)].map {
                (tag: $0.0, value: $0.1)
            },
            step: number)
    }

    /// After each epoch; `all` are the finished ones. A table is written anew, so that a resumed training's has each epoch once.
    func add(_ all: [EpochReport], steps: Int) throws {
        guard let last = all.last else { return }
        switch kind {
        case .table(let path):
            var text = (["epoch"] + fields(last).map(\.name)).joined(separator: ",") + "\n"
            for epoch in all { text += (["\(epoch.epoch)"] + fields(epoch).map { $0.value.map { "\($0)" } ?? "" }).joined(separator: ",") + "\n" }
            try AtomicFile.write(Array(text.utf8), to: path)
        case .events(let file):
            let scalars = fields(last).compactMap { field in
                field.value.map {
                    (tag: field.name.hasPrefix("valid_") ? "valid/\(field.name.dropFirst(6))" : "epoch/\(field.name)", value: $0)
                }
            }
            try file.add(scalars, step: steps)
        }
    }

    /// What is told of an epoch beside its number.
    private func fields(_ e: EpochReport) -> [(name: String, value: Double?)] {
        var fields: [(String, Double?)] = [("loss", e.loss), ("dice", e.dice), ("iou", e.iou)]
        fields += zip(metrics, e.metrics).map { ($0, $1) }
        if e.validLoss != nil {
            fields += [("valid_loss", e.validLoss), ("valid_dice", e.validDice), ("valid_iou", e.validIoU)]
            fields += zip(metrics, e.validMetrics ?? []).map { ("valid_" + $0, $1) }
        }
        return fields + [("rate", e.rate), ("seconds", e.seconds)]
    }
}
