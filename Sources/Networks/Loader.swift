import Dispatch
import Support
import Synchronization

/// Loads the batches of a training run in order, the next one on a background thread while the current one is worked on.
final class Loader: Sendable {
    private let source: any SampleSource
    private let batch: Int
    private let seed: UInt64
    private let total: Int
    private let queue = DispatchQueue(label: "skullstrip.loader")
    private let ready = DispatchSemaphore(value: 0)

    private struct State {
        var asked = 0
        var loaded: Result<[Sample], any Error>?
        var stopped = false
    }
    private let state = Mutex(State())

    init(_ source: any SampleSource, batch: Int, seed: UInt64, total: Int) {
        (self.source, self.batch, self.seed, self.total) = (source, batch, seed, total)
        ask()
    }

    private func ask() {
        let index: Int? = state.withLock {
            guard $0.asked < total, !$0.stopped else { return nil }
            $0.asked += 1
            return $0.asked - 1
        }
        guard let index else { return }
        queue.async { [self] in
            let result = Result { try load(index) }
            state.withLock { $0.loaded = result }
            ready.signal()
        }
    }

    private func load(_ index: Int) throws -> [Sample] {
        try (0..<batch).map {
            try Interrupt.check()
            return try source.sample(Self.draw(index * batch + $0, count: source.count, seed: seed))
        }
    }

    /// The next batch. Throws what the source threw; `Interrupted` within a tenth of a second of Ctrl-C, even while a sample is being read.
    func next() throws -> [Sample] {
        while ready.wait(timeout: .now() + .milliseconds(100)) == .timedOut { try Interrupt.check() }
        let result = state.withLock { state -> Result<[Sample], any Error>? in
            defer { state.loaded = nil }
            return state.loaded
        }
        guard let result else { throw Interrupted() }
        let batch = try result.get()
        ask()
        return batch
    }

    func stop() { state.withLock { $0.stopped = true } }

    /// The sample at a position of the endless sequence of shuffled passes (Fisher–Yates, seeded by pass).
    static func draw(_ position: Int, count: Int, seed: UInt64) -> Int {
        var random = CounterRandom(seed: seed, stream: UInt64(position / count) &+ 0x5EED)
        var order = Array(0..<count)
        order.shuffle(using: &random)
        return order[position % count]
    }
}
