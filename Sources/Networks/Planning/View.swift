/// Where the value of a graph entry is while a plan runs: channel blocks of one or more stored tensors, and the pointwise steps that are still to be
/// applied when it is read. Normalisations, ReLUs, dropout and joins are views, so that none of them costs a pass over memory or a tensor of its own.
struct View: Equatable {
    struct Part: Equatable {
        /// The stored tensor, all of whose channels belong to the value.
        let slot: Int
        /// The operation whose normalisation is applied.
        var norm: Int?
        var relu = false
    }

    /// Joined along the channels. No slot occurs twice, and all but the last fill whole blocks.
    var parts: [Part]
    /// The graph entry of a dropout over the joined channels, after everything else.
    var dropout: Int?

    init(slot: Int) { parts = [Part(slot: slot)] }

    /// The stored tensor whose values these are, where nothing is left to do.
    var plain: Int? { parts.count == 1 && parts[0].norm == nil && !parts[0].relu && dropout == nil ? parts[0].slot : nil }
}
