/// Where the image enters. One to 64 channels.
struct InputLayer: Layer {
    static let kind = "input"
    let inputChannels: Int

    init(channels: Int) throws {
        inputChannels = channels
        try check("channels", channels, 1...64)
    }
    init(attributes: Attributes) throws { try self.init(channels: attributes.integer("channels")) }
    var attributes: [(name: String, value: JSON)] { [("channels", .number(Double(inputChannels)))] }

    var inputCount: ClosedRange<Int> { 0...0 }
    func channels(_ inputs: [Int]) throws -> Int { inputChannels }
}
