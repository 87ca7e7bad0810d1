import Figures
import Runtime

/// What some builtins give, as the panels that it is best seen in.
enum RecordPlot {
    /// The title and the horizontal axis' label where the caller gives none, and the panels; nil for a record of another kind.
    static func recognised(_ record: Record) -> (title: String, xLabel: String, panels: [Plot.Panel])? {
        if let panels = training(record) { return ("training", "epoch", panels) }
        if let panels = search(record) { return ("learning rates", "learning rate", panels) }
        return histogram(record).map { ("histogram", "value", [$0]) }
    }

    /// Losses, metrics and learning rate against epochs, where a record is what `fit` gave; nil for others.
    private static func training(_ run: Record) -> [Plot.Panel]? {
        guard case .list(let history)? = run["history"] else { return nil }
        let epochs = history.items.compactMap { item -> Record? in if case .record(let epoch) = item { epoch } else { nil } }
        guard let last = epochs.last else { return nil }
        func series(_ names: [String]) -> [Plot.Series] {
            names.map { name in Plot.Series(name, epochs.map { if case .number(let x)? = $0[name] { x } else { .nan } }) }
        }
        func isIn(_ name: String) -> Bool { if case .number? = last[name] { true } else { false } }
        let losses = ["loss", "valid_loss"].filter(isIn), others = ["epoch", "seconds", "rate", "best"] + losses
        let best: Double? = if case .number(let epoch)? = run["best_epoch"], epoch > 0 { epoch } else { nil }
        var panels = [
            Plot.Panel("loss", series(losses), mark: best),
            Plot.Panel("metrics", series(last.names.filter { isIn($0) && !others.contains($0) }), mark: best),
        ]
        if isIn("rate") {
            let rates = series(["rate"])
            let finite = rates[0].values.filter { $0 > 0 }
            panels.append(
                Plot.Panel("learning rate", rates, logarithmic: (false, (finite.max() ?? 1) > 20 * (finite.min() ?? 1)), mark: best))
        }
        return panels.filter { !$0.series.isEmpty }
    }

    /// Losses against learning rates, where a record is what `lr_find` gave; nil for others.
    private static func search(_ found: Record) -> [Plot.Panel]? {
        guard let rates = numbers(found["rates"]), let losses = numbers(found["losses"]), let smoothed = numbers(found["smoothed"]) else {
            return nil
        }
        var panel = Plot.Panel(
            "loss", [Plot.Series("loss", losses), Plot.Series("smoothed", smoothed)], places: rates, logarithmic: (true, false))
        if case .number(let rate)? = found["suggestion"], rate > 0 { panel.mark = rate }
        return [panel]
    }

    /// Counts over values, where a record is what `histogram` gave; nil for others.
    private static func histogram(_ found: Record) -> Plot.Panel? {
        guard let edges = numbers(found["edges"]), let counts = numbers(found["counts"]), !counts.isEmpty, edges.count == counts.count + 1
        else { return nil }
        var panel = Plot.Panel("voxels", [Plot.Series("", counts)], places: edges)
        panel.isHistogram = true
        return panel
    }

    private static func numbers(_ value: Value?) -> [Double]? { value.flatMap { try? [Double].from($0) } }
}
