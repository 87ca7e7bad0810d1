import Support

/// Scores a model on samples that it is not trained on.
struct Validator {
    private let model: Model
    private let source: any SampleSource
    private let options: FitOptions

    init(_ model: Model, _ source: any SampleSource, _ options: FitOptions) {
        (self.model, self.source, self.options) = (model, source, options)
    }

    var count: Int { source.count }

    /// Loss and overlaps over the samples, one at a time, as in prediction, after an epoch. Throws `Interrupted` between two of them as soon as an end is asked for,
    /// `NetworkError.diverged` for numbers that are not finite.
    func run(after epoch: Int) throws -> Mean {
        var mean = Mean()
        for i in 0..<source.count {
            if Interrupt.isRequested { throw Interrupted() }
            let sample = try source.sample(i)
            try sample.check(for: model, epoch: epoch, step: nil)
            let score = try score(predict(sample), sample)
            if score.firstNotFinite != nil {
                let layer = try? model.trace(sample.image, shape: sample.shape).first { $0.notFinite > 0 }
                throw NetworkError.diverged(
                    Divergence(what: .loss, epoch: epoch, step: nil, sample: sample.name, layer: layer.map { model.graph.mention(of: $0.index) }))
            }
            mean.add(score, options, background: model.graph.backgroundChannels)
        }
        return mean
    }

    private func predict(_ sample: Sample) throws -> [Float] {
        guard options.slides, let patch = options.patch else {
            return try model.predict(sample.image, shape: sample.shape, precision: options.precision)
        }
        return try model.predict(sample.image, shape: sample.shape, windows: SlidingWindow(shape: patch), precision: options.precision)
    }

    private func score(_ p: [Float], _ sample: Sample) throws -> BatchScore {
        // Laid out as the engine lays out a batch of one.
        let channels = model.outputChannels
        let outline = Tensor.outline(batch: 1, channels: channels, shape: sample.shape)
        func tensor(_ buffer: Buffer, _ values: [Float]) -> Tensor {
            let tensor = Tensor(base: buffer.base, batch: 1, channels: channels, shape: sample.shape)
            values.withUnsafeBufferPointer { if let base = $0.baseAddress { tensor.fill(sample: 0, from: base) } }
            return tensor
        }
        let a = try Buffer(count: outline.count + 16, for: "validation"), b = try Buffer(count: outline.count + 16, for: "validation")
        return try withExtendedLifetime((a, b)) {
            try options.loss.evaluate(tensor(a, p), target: tensor(b, sample.channels(channels)), gradient: nil)
        }
    }
}

extension Graph {
    /// Channels that metrics leave out: of classes the first one, the background.
    var backgroundChannels: Int { entries[entries.count - 1].layer is Softmax ? 1 : 0 }
}

extension Loss {
    /// Throws `NetworkError` unless the outputs of the graph are what the loss compares.
    func check(_ graph: Graph) throws {
        let last = graph.entries[graph.entries.count - 1].layer
        guard graph.givesProbabilities else { throw NetworkError.notProbabilities(loss: name, lastLayer: last.kind) }
        if case .classes? = voxels, !(last is Softmax) {
            throw NetworkError.mismatch(
                layer: "fit",
                detail:
                    "the loss \(name) compares classes, but the model ends with \(last.kind): end it with softmax over two or more channels, or use bce"
            )
        }
    }
}
