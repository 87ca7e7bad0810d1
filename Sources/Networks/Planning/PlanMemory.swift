/// Which memory each tensor of a plan takes, and when. Operation k runs forward at time k + 1 and backward at 2n + 2 − k; the loss is at n + 1.
struct PlanMemory {
    private(set) var slots: [Plan.Slot]
    private(set) var target = 0
    private(set) var workspace = 0
    private(set) var arenaFloats = 0
    private(set) var again: [[Int]]
    private(set) var renewable: [Int] = []

    init(
        _ graph: Graph, _ operations: [Plan.Operation], slots: [Plan.Slot], output: Int, batch: Int, training: Bool, inputGradient: Bool,
        renewing: Set<Int>
    ) {
        self.slots = slots
        let n = operations.count
        again = [[Int]](repeating: [], count: n)
        func backwardTime(_ k: Int) -> Int { 2 * n + 2 - k }

        // When each tensor is written and read: forward, and by which operations' backward passes.
        var forward = [Life](repeating: Life(first: 0, last: 0), count: slots.count)
        var backward = [[Int]](repeating: [], count: slots.count)
        var consumers = [[Int]](repeating: [], count: slots.count)
        var producer = [Int?](repeating: nil, count: slots.count)
        for (k, op) in operations.enumerated() {
            let layer = graph.entries[op.entry].layer
            if op.kind != .normalise {
                producer[op.output] = k
                forward[op.output] = Life(first: k + 1, last: k + 1)
                if training, op.kind == .layer, layer.needs(relu: op.relu).output { backward[op.output].append(k) }
            }
            // A copy reads its view again as well: the values say where a ReLU lets the gradient through.
            let needsInput = training && (op.kind != .layer || layer.needs(relu: op.relu).input)
            for slot in op.slots {
                forward[slot].last = max(forward[slot].last, k + 1)
                consumers[slot].append(k)
                if needsInput { backward[slot].append(k) }
            }
        }
        forward[output].last = max(forward[output].last, n + 1)

        var requests = Requests()
        var valueRequest = [Int](repeating: -1, count: slots.count)
        func floats(_ t: Int) -> Int { Tensor.floats(batch: batch, channels: slots[t].channels, shape: slots[t].shape) }
        func valueFloats(_ t: Int) -> Int { slots[t].half ? (floats(t) + 1) / 2 + 16 : floats(t) }
        func inPlace(_ k: Int) -> Bool { operations[k].kind == .layer && graph.entries[operations[k].entry].layer.inPlace }

        // Outputs that take their input's memory: the input is read by this operation alone, and by nobody's backward pass.
        var sharing = Set<Int>()
        var sharesInput = [Bool](repeating: false, count: slots.count)
        for t in slots.indices {
            guard let k = producer[t], inPlace(k), let input = operations[k].inputs[0].plain, consumers[input].count == 1, input != 0,
                backward[input].isEmpty
            else { continue }
            sharesInput[t] = true
            sharing.formUnion([t, input])
        }
        renewable = slots.indices.filter { producer[$0] != nil && $0 != output && !sharing.contains($0) && !backward[$0].isEmpty }
        let renewed = Set(renewable).intersection(renewing)

        // What runs again, later tensors first: running one again is itself a use of what it reads.
        var renewal = [Life?](repeating: nil, count: slots.count)
        for t in renewed.sorted(by: { producer[$0] ?? 0 > producer[$1] ?? 0 }) {
            guard let k = producer[t], let user = backward[t].max(), let last = backward[t].min() else { continue }
            again[user].append(k)
            renewal[t] = Life(first: backwardTime(user), last: backwardTime(last))
            for slot in operations[k].slots { backward[slot].append(user) }
        }
        for k in again.indices { again[k].sort() }

        for t in slots.indices {
            var life = forward[t]
            if renewal[t] == nil, let last = backward[t].min() { life.last = max(life.last, backwardTime(last)) }
            if sharesInput[t], let k = producer[t], let input = operations[k].inputs[0].plain {
                valueRequest[t] = valueRequest[input]
                requests.extend(valueRequest[t], to: life.last)
            } else {
                valueRequest[t] = requests.add(valueFloats(t), life)
            }
        }
        let renewalRequest = slots.indices.map { t in renewal[t].map { requests.add(valueFloats(t), $0) } }

        // Gradients: written from the last consumer's backward pass on, read by the producer's.
        var gradientRequest = [Int?](repeating: nil, count: slots.count)
        if training {
            for t in slots.indices.reversed() where t != 0 || inputGradient {
                let first = t == output ? n + 1 : consumers[t].last.map(backwardTime) ?? n + 1
                let life = Life(first: first, last: producer[t].map(backwardTime) ?? 2 * n + 3)
                if consumers[t].count == 1, t != output, let next = consumers[t].first, inPlace(next),
                    let shared = gradientRequest[operations[next].output]
                {
                    gradientRequest[t] = shared
                    requests.extend(shared, to: life.last)
                } else {
                    gradientRequest[t] = requests.add(floats(t), life)
                }
            }
        }
        let targetRequest = training ? requests.add(floats(output), Life(first: 0, last: n + 1)) : nil
        let workspaceRequest = requests.add(operations.map(\.workspace).max() ?? 0, Life(first: 0, last: 2 * n + 3))

        let (places, total) = requests.place()
        for t in slots.indices {
            self.slots[t].values = places[valueRequest[t]]
            self.slots[t].again = renewalRequest[t].map { places[$0] }
            self.slots[t].gradient = gradientRequest[t].map { places[$0] }
        }
        target = targetRequest.map { places[$0] } ?? 0
        workspace = places[workspaceRequest]
        arenaFloats = total
    }

    struct Life {
        var first: Int
        var last: Int
    }

    /// Stretches of memory wanted over stretches of time.
    private struct Requests {
        var sizes: [Int] = []
        var lives: [Life] = []

        mutating func add(_ floats: Int, _ life: Life) -> Int {
            // Whole pages of 4 kB keep tensors from sharing cache lines.
            sizes.append((floats + 1023) / 1024 * 1024)
            lives.append(life)
            return sizes.count - 1
        }

        mutating func extend(_ request: Int, to last: Int) { lives[request].last = max(lives[request].last, last) }

        /// Largest first, each at the lowest place that is free all its life.
        func place() -> (places: [Int], total: Int) {
            var places = [Int](repeating: 0, count: sizes.count)
            var placed: [Int] = []
            var total = 0
            for r in sizes.indices.sorted(by: { (sizes[$0], $1) > (sizes[$1], $0) }) {
                var at = 0
                let rivals = placed.filter { lives[$0].first <= lives[r].last && lives[r].first <= lives[$0].last }
                for rival in rivals.sorted(by: { places[$0] < places[$1] }) {
                    if at + sizes[r] <= places[rival] { break }
                    at = max(at, places[rival] + sizes[rival])
                }
                places[r] = at
                total = max(total, at + sizes[r])
                placed.append(r)
            }
            return (places, total)
        }
    }
}
