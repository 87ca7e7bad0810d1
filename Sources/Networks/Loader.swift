import Dispatch
import Support
import Synchronization

/// Loads the batches of a training run in order, the next one on a background thread while the current one is worked on.
final class Loader: Sendable {
    private let source: any SampleSource
    private let batch: Int
    private let total: Int
    /// Used by the queue alone, where it never has to wait.
    private let draws: Mutex<SampleDraws>
    private let queue = DispatchQueue(label: "skullstrip.loader")
    private let ready = DispatchSemaphore(value: 0)

    private struct State {
        var asked = 0
        var loaded: Result<[Sample], any Error>?
        var stopped = false
    }
    private let state = Mutex(State())

    /// Batches `first` to `total` − 1 of the run.
    init(_ source: any SampleSource, batch: Int, seed: UInt64, from first: Int = 0, total: Int) {
        (self.source, self.batch, self.total) = (source, batch, total)
        draws = Mutex(SampleDraws(count: source.count, seed: seed))
        state.withLock { $0.asked = first }
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
            let position = index * batch + $0
            let (sample, draw) = draws.withLock { $0.at(position) }
            return try source.sample(sample, draw: draw)
        }
    }

    /// The next batch. Throws what the source threw; `Interrupted` within a tenth of a second of a Ctrl-C that asks for the end, even while a sample is being read.
    func next() throws -> [Sample] {
        while ready.wait(timeout: .now() + .milliseconds(100)) == .timedOut { if Interrupt.isRequested { throw Interrupted() } }
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
}

/// What a training asks its source for: at each place of its sequence of samples, which one, and with which draw. A function of the seed alone, so that a training
/// may begin at any place.
public struct SampleDraws: Sendable {
    private var order: SampleOrder
    private let draws: CounterRandom

    /// Of `count` samples, at least 1.
    public init(count: Int, seed: UInt64) {
        order = SampleOrder(count: count, seed: seed)
        draws = CounterRandom(seed: seed, stream: 0xD2A3)
    }

    /// The place is 0 or more; places one after another are quickest.
    public mutating func at(_ position: Int) -> (index: Int, draw: UInt64) {
        (order.sample(at: position), draws.bits(at: UInt64(position)) >> 32)
    }
}

/// The endless sequence of shuffled passes over the samples (Fisher–Yates, seeded by pass). The order of the pass in hand is kept, since positions
/// are asked for one after another.
struct SampleOrder: Sendable {
    private let count: Int
    private let seed: UInt64
    private var pass = -1
    private var order: [Int] = []
    private(set) var shuffles = 0

    /// `count` is at least 1.
    init(count: Int, seed: UInt64) { (self.count, self.seed) = (count, seed) }

    mutating func sample(at position: Int) -> Int {
        if position / count != pass {
            pass = position / count
            var random = CounterRandom(seed: seed, stream: UInt64(pass) &+ 0x5EED)
            order = Array(0..<count)
            order.shuffle(using: &random)
            shuffles += 1
        }
        return order[position % count]
    }
}
