// Progress as JSON. Numbers are written so that reading gives the same ones, bit for bit.

extension TrainingProgress {
    /// What a state has beside the progress.
    struct Rest {
        var updates: Int
        var trainedSteps: Int?
    }

    func json(_ stepper: Stepper) -> JSON {
        func number(_ n: Int) -> JSON { .number(Double(n)) }
        func list(_ values: [Double]) -> JSON { .array(values.map { .number($0) }) }
        return .object([
            ("epoch", number(epoch)), ("step", number(step)), ("steps", number(steps)), ("seconds", .number(seconds)),
            ("sums", list([sums.count, sums.lossSum] + sums.metricSums)), ("best", best.isFinite ? .number(best) : .null),
            ("best_epoch", number(bestEpoch)), ("rate", .number(rate)), ("updates", number(stepper.optimizer.step)),
            ("trained_steps", stepper.model.trainedSteps.map(number) ?? .null),
            (
                "plateau",
                .object([
                    ("factor", .number(plateau.factor)), ("best", plateau.best.isFinite ? .number(plateau.best) : .null),
                    ("bad", number(plateau.bad)),
                ])
            ),
            ("epochs", .array(epochs.map(\.json))),
        ])
    }

    /// Throws `Attributes.Missing` where something is missing or of another kind.
    static func decode(_ json: JSON) throws -> (TrainingProgress, Rest) {
        let a = Attributes(kind: "progress", json: json)
        var p = TrainingProgress()
        func list(_ name: String, _ json: JSON) throws -> [Double] {
            guard let items = json[name]?.array?.map({ $0.number }), !items.contains(nil) else { throw a.missing(name) }
            return items.compactMap { $0 }
        }
        func optional(_ name: String, _ json: JSON?) throws -> Double? {
            guard let value = json?[name] else { throw a.missing(name) }
            if value == .null { return nil }
            guard let number = value.number else { throw a.missing(name) }
            return number
        }
        func count(_ name: String) throws -> Int {
            guard let n = json[name]?.integer, n >= 0 else { throw a.missing(name) }
            return n
        }
        (p.epoch, p.step, p.steps, p.bestEpoch) = (try count("epoch"), try count("step"), try count("steps"), try count("best_epoch"))
        (p.seconds, p.rate) = (try a.number("seconds"), try a.number("rate"))
        let sums = try list("sums", json)
        guard sums.count >= 2 else { throw a.missing("sums") }
        p.sums = Mean(count: sums[0], lossSum: sums[1], metricSums: Array(sums.dropFirst(2)))
        p.best = try optional("best", json) ?? -.infinity
        let plateau = json["plateau"]
        guard let factor = plateau?["factor"]?.number, let bad = plateau?["bad"]?.integer else { throw a.missing("plateau") }
        p.plateau = Plateau(factor: factor, best: try optional("best", plateau) ?? .infinity, bad: bad)
        guard let epochs = json["epochs"]?.array else { throw a.missing("epochs") }
        p.epochs = try epochs.map { item in
            let e = Attributes(kind: "epoch", json: item)
            var report = EpochReport(
                epoch: try e.integer("epoch"), loss: try e.number("loss"), dice: try e.number("dice"), iou: try e.number("iou"),
                metrics: try list("metrics", item), validLoss: try optional("valid_loss", item),
                validDice: try optional("valid_dice", item),
                validIoU: try optional("valid_iou", item), rate: try e.number("rate"), seconds: try e.number("seconds"),
                best: try e.bool("best"))
            if item["valid_metrics"]?.array != nil { report.validMetrics = try list("valid_metrics", item) }
            return report
        }
        return (p, Rest(updates: try count("updates"), trainedSteps: try optional("trained_steps", json).map { Int($0) }))
    }
}

extension EpochReport {
    fileprivate var json: JSON {
        func list(_ values: [Double]) -> JSON { .array(values.map { .number($0) }) }
        func optional(_ value: Double?) -> JSON { value.map { .number($0) } ?? .null }
        return .object([
            ("epoch", .number(Double(epoch))), ("loss", .number(loss)), ("dice", .number(dice)), ("iou", .number(iou)),
            ("metrics", list(metrics)), ("valid_loss", optional(validLoss)), ("valid_dice", optional(validDice)),
            ("valid_iou", optional(validIoU)), ("valid_metrics", validMetrics.map(list) ?? .null), ("rate", .number(rate)),
            ("seconds", .number(seconds)), ("best", .bool(best)),
        ])
    }
}
