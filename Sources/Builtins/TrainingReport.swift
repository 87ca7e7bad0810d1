import Networks
import Runtime
import Support

/// What a user sees of a training: a line that is drawn over on a terminal, and a line for each finished epoch.
final class TrainingReport {
    private let context: Context
    private let options: FitOptions
    /// Where a training goes on.
    private var resumedAt: Int?

    init(context: Context, options: FitOptions) {
        self.context = context
        self.options = options
    }

    /// Before the first step: says what is about to be replaced.
    func begin() {
        guard !options.resume, let path = options.statePath, FileSystem.exists(path) else { return }
        context.note("fit: begins anew and replaces \"\(path)\"; with resume=true it would go on with that training")
    }

    /// Once it is known whether there is a training to go on with: `step` is where.
    func resume(from step: Int?) {
        guard options.resume else { return }
        resumedAt = step
        context.note(step.map { "fit: goes on from step \($0)" } ?? "fit: there is no training to go on with; this one begins anew")
    }

    func step(_ r: StepReport) {
        guard context.progress.isVisible else { return }
        var note = "loss \(Text.fixed(r.loss, 3))  dice \(Text.fixed(r.dice, 3))"
        if let iou = r.valid?.validIoU { note += "  valid_iou \(Text.fixed(iou, 3))" }
        note += "  \(Text.short(Double(r.voxels) / r.secondsPerStep / 1e6, 3)) Mvox/s"
        if let held = Memory.held { note += "  \(Text.bytes(held))" }
        let of = r.epochs.map { "/\($0)" } ?? ""
        context.progress.bar("epoch \(r.epoch)\(of)", done: r.step, of: r.steps, note: note, remaining: r.remaining)
    }

    func epoch(_ r: EpochReport) {
        context.progress.clear()
        let of = options.epochs.map { "/\($0)" } ?? ""
        var line = "epoch \(r.epoch)\(of)  loss \(Text.fixed(r.loss, 3))  dice \(Text.fixed(r.dice, 3))  iou \(Text.fixed(r.iou, 3))"
        if let loss = r.validLoss, let dice = r.validDice, let iou = r.validIoU {
            line += "  valid_loss \(Text.fixed(loss, 3))  valid_dice \(Text.fixed(dice, 3))  valid_iou \(Text.fixed(iou, 3))"
        }
        for (metric, value) in zip(options.metrics, r.validMetrics ?? r.metrics) {
            line += "  \(r.validMetrics == nil ? "" : "valid_")\(metric.rawValue) \(Text.fixed(value, 3))"
        }
        context.note(line + "  \(Text.duration(r.seconds))" + (r.best ? "  best" : ""))
    }

    func end(_ history: History) {
        if let resumedAt, history.steps == resumedAt, !history.stopped {
            return context.note("fit: that training has had its \(history.epochs.count) epochs, and there was nothing left to do; ask for more to go on")
        }
        guard history.stopped else { return }
        let of = options.epochs.map { " of \($0)" } ?? ""
        context.note(
            "fit: stopped after \(history.epochs.count)\(of) epochs; the network has the weights of its last finished step"
                + (options.checkpoint == nil ? "" : ", and resume=true goes on"))
    }
}
