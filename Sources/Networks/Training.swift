/// One training example: an image and its target, both channel after channel with x fastest.
public struct Sample: Sendable {
    /// channels × voxels values.
    public var image: [Float]
    /// Output channels × voxels values in 0 … 1.
    public var target: [Float]
    /// (x, y, z), the same for image and target.
    public var shape: SIMD3<Int>
    /// What errors call it: a path or an identifier.
    public var name: String

    /// Sizes are checked when a training meets the sample.
    public init(image: [Float], target: [Float], shape: SIMD3<Int>, name: String) {
        (self.image, self.target, self.shape, self.name) = (image, target, shape, name)
    }
}

/// Samples that are made or read when they are needed, so that a cohort never has to fit into memory.
/// `sample` is called from a background thread while a step runs, one call at a time.
public protocol SampleSource: Sendable {
    /// Number of samples; it must not change.
    var count: Int { get }
    /// The sample at an index from 0. What it throws ends the training.
    ///
    /// - Parameter draw: seeds what is random about the sample: one index and one draw always give the same sample. A training hands over another draw each time, a
    ///   function of its seed and of the place in its sequence of samples alone, below 2³².
    func sample(_ index: Int, draw: UInt64) throws -> Sample
}

extension SampleSource {
    /// The sample as validation sees it, the same each time. Throws as `sample(_:draw:)`.
    public func sample(_ index: Int) throws -> Sample { try sample(index, draw: UInt64(index)) }
}

/// Samples held in memory.
public struct SampleArray: SampleSource {
    /// In the order of their indices.
    public let samples: [Sample]
    /// Keeps the samples.
    public init(_ samples: [Sample]) { self.samples = samples }
    /// Number of samples.
    public var count: Int { samples.count }
    /// The sample at an index from 0 to count − 1. Throws nothing.
    public func sample(_ index: Int, draw: UInt64) throws -> Sample { samples[index] }
}
