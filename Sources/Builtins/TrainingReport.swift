import Networks
import Runtime
import Support

/// What a user sees of a training: a line that is drawn over on a terminal, and a line for each finished epoch.
final class TrainingReport {
    private let context: Context
    private let epochs: Int

    init(context: Context, epochs: Int) {
        self.context = context
        self.epochs = epochs
    }

    func step(_ r: StepReport) {
        guard context.progress.isVisible else { return }
        let remaining = Double((r.epochs - r.epoch) * r.steps + r.steps - r.step) * r.secondsPerStep
        var note = "loss \(Text.fixed(r.loss, 3))  dice \(Text.fixed(r.dice, 3))"
        if let iou = r.valid?.validIoU { note += "  val_iou \(Text.fixed(iou, 3))" }
        context.progress.bar("epoch \(r.epoch)/\(r.epochs)", done: r.step, of: r.steps, note: note, remaining: remaining)
    }

    func epoch(_ r: EpochReport) {
        context.progress.clear()
        var line = "epoch \(r.epoch)/\(epochs)  loss \(Text.fixed(r.loss, 3))  dice \(Text.fixed(r.dice, 3))  iou \(Text.fixed(r.iou, 3))"
        if let loss = r.validLoss, let dice = r.validDice, let iou = r.validIoU {
            line += "  val_loss \(Text.fixed(loss, 3))  val_dice \(Text.fixed(dice, 3))  val_iou \(Text.fixed(iou, 3))"
        }
        context.note(line + "  \(Text.duration(r.seconds))" + (r.best ? "  best" : ""))
    }
}
