import Kernels
import Support

/// Sets a share of the values to zero while training and scales the others by 1 / (1 − rate) (Srivastava et al. 2014); does nothing in inference.
/// Which values are dropped depends on seed, step, layer and place alone, so the backward pass draws the same ones again.
struct Dropout: Layer {
    static let kind = "dropout"
    let rate: Double

    init(rate: Double) throws {
        self.rate = rate
        guard rate >= 0, rate < 1 else {
            throw NetworkError.argument(layer: kind, name: "rate", value: Text.short(rate), expected: "at least 0 and below 1")
        }
    }
    init(attributes: Attributes) throws { try self.init(rate: attributes.number("rate")) }
    var attributes: [(name: String, value: JSON)] { [("rate", .number(rate))] }

    var keepsProbabilities: Bool { rate == 0 }

    // MARK: Computation

    // Readers drop the values themselves while they read them (see `View`); there is no pass of its own.

    /// What a reader of the tensor keeps in a step; `place` counts from the tensor's first value.
    func mask(index: Int, seed: UInt64, step: UInt64, place: Int, sampleStep: Int) -> DropoutMask {
        let bits = CounterRandom(seed: seed, stream: UInt64(index)).bits(at: step)
        return DropoutMask(
            key: UInt32(truncatingIfNeeded: bits), key2: UInt32(truncatingIfNeeded: bits >> 32), threshold: UInt32(rate * 0x1p32),
            scale: Float(1 / (1 - rate)), place: place, sampleStep: sampleStep)
    }
}
