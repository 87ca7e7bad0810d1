import Support

/// Weights of a file that do not fit a network, by name.
public struct WeightMismatch: ExplainedError, Equatable {
    /// The file, as it was named.
    public let path: String
    /// The network's arrays that nothing in the file goes to.
    public var missing: [String] = []
    /// The file's tensors that go nowhere in the network.
    public var unexpected: [String] = []
    /// Tensors of another shape or of a type that holds no weights, each a sentence.
    public var unfit: [String] = []

    /// What does not fit of a file; all three empty where everything does.
    package init(path: String, missing: [String] = [], unexpected: [String] = [], unfit: [String] = []) {
        (self.path, self.missing, self.unexpected, self.unfit) = (path, missing, unexpected, unfit)
    }

    var isEmpty: Bool { missing.isEmpty && unexpected.isEmpty && unfit.isEmpty }

    public var message: String {
        func listed(_ names: [String]) -> String {
            names.prefix(12).joined(separator: ", ") + (names.count > 12 ? " and \(names.count - 12) more" : "")
        }
        var parts: [String] = []
        if !missing.isEmpty { parts.append("missing for the network: \(listed(missing))") }
        if !unexpected.isEmpty { parts.append("unexpected in the file: \(listed(unexpected))") }
        if !unfit.isEmpty { parts.append(listed(unfit)) }
        return "the weights of \"\(path)\" do not fit the network; " + parts.joined(separator: "; ")
    }

    public var hint: String? {
        unfit.isEmpty ? "map= says which name of the file is which layer's; partial=true takes what fits" : nil
    }
}

extension Model {
    /// Puts the tensors of a safetensors file of any program in place of this model's weights, by name.
    ///
    /// The model's names are those of its own files, "layer.3.conv3d.weight", which may be shortened to "layer.3.weight" and "3.weight"; axes are in PyTorch's
    /// order (F32, F16 or BF16), and ones at the end of a shape may be missing. PyTorch's counters of batches are passed over.
    ///
    /// - Parameters:
    ///   - rename: the model's name for a name of the file; nil leaves the tensor out.
    ///   - partial: leaves weights as they are that the file lacks, and tensors aside that the model lacks.
    /// - Returns: how many arrays were set.
    /// - Throws: `WeightMismatch` with all that does not fit, before any weight has changed; `FileError`, `NetworkError.file`, and what `rename` throws;
    ///   `Interrupted`, after which some weights may have changed.
    @discardableResult
    public func loadWeights(_ path: String, partial: Bool = false, rename: (String) throws -> String? = { $0 }) throws -> Int {
        let file = try TensorFile(path)
        var places: [String: Int] = [:]
        for (i, slot) in parameters.slots.enumerated() {
            for name in [slot.name, "layer.\(slot.layer).\(slot.spec.name)", "\(slot.layer).\(slot.spec.name)"] { places[name] = i }
        }
        var sources = [String?](repeating: nil, count: parameters.slots.count)
        var mismatch = WeightMismatch(path: path)
        for name in file.tensors.keys.sorted() where !name.hasSuffix(".num_batches_tracked") {
            guard let target = try rename(name) else { continue }
            guard let i = places[target] else {
                mismatch.unexpected.append(target == name ? name : "\(name) (as \(target))")
                continue
            }
            if let other = sources[i] {
                mismatch.unfit.append("tensors \"\(other)\" and \"\(name)\" both go to \(parameters.slots[i].name)")
            } else if let problem = file.problem(name, shape: parameters.slots[i].spec.shape) {
                mismatch.unfit.append(problem)
            }
            sources[i] = name
        }
        mismatch.missing = parameters.slots.indices.filter { sources[$0] == nil }.map { parameters.slots[$0].name }
        if partial { (mismatch.missing, mismatch.unexpected) = ([], []) }
        if !mismatch.isEmpty { throw mismatch }
        // All is read before the first weight changes: a damaged file leaves the model as it was.
        let found = try parameters.slots.indices.compactMap { i in try sources[i].map { (i, try file.values($0)) } }
        for (i, values) in found { try parameters.write(slot: i, values) }
        releaseMemory()
        return found.count
    }

    /// The names of all weights and running statistics, with their shapes in PyTorch's order.
    public var weightNames: [(name: String, shape: [Int])] { parameters.slots.map { ($0.name, $0.spec.shape) } }
}

/// Names of tensors: words with points between.
public enum TensorNames {
    /// What a name becomes where `target` knows it, or the longest part of it that ends before a point: then the rest stays. Nil where `target` gives nil, which
    /// leaves the tensor out; the name itself where it knows no part of it. Throws what `target` throws.
    public static func renamed(_ name: String, _ target: (String) throws -> String??) rethrows -> String? {
        var prefix = Substring(name)
        while true {
            if let known = try target(String(prefix)) { return known.map { $0 + name[prefix.endIndex...] } }
            guard let point = prefix.lastIndex(of: ".") else { return name }
            prefix = prefix[..<point]
        }
    }
}
