import Support

/// A graph of the Open Neural Network Exchange under construction: its nodes and constant tensors, as messages.
/// Field numbers are those of onnx.proto (https://github.com/onnx/onnx, IR version 8).
struct OnnxGraph {
    /// An attribute of a node.
    enum Attribute {
        case float(Double)
        case integer(Int)
        case integers([Int])
        case string(String)
    }

    private(set) var nodes: [ProtobufMessage] = []
    private(set) var initializers: [ProtobufMessage] = []
    private var constants: Set<String> = []

    /// Adds an operation and returns its output's name.
    @discardableResult
    mutating func add(
        _ operation: String, _ inputs: [String], named output: String, _ attributes: [(String, Attribute)] = []
    ) -> String {
        var node = ProtobufMessage()
        for input in inputs { node.add(1, input) }
        node.add(2, output)
        node.add(3, output)
        node.add(4, operation)
        for (name, value) in attributes {
            var attribute = ProtobufMessage()
            attribute.add(1, name)
            switch value {
            case .float(let x):
                attribute.add(2, Float(x))
                attribute.add(20, 1)
            case .integer(let n):
                attribute.add(3, n)
                attribute.add(20, 2)
            case .string(let s):
                attribute.add(4, s)
                attribute.add(20, 3)
            case .integers(let list):
                for n in list { attribute.add(8, n) }
                attribute.add(20, 7)
            }
            node.add(5, attribute)
        }
        nodes.append(node)
        return output
    }

    /// A constant tensor of floats; returns its name.
    mutating func constant(_ name: String, _ shape: [Int], _ values: [Float]) -> String {
        let raw = values.flatMap { value in withUnsafeBytes(of: value.bitPattern.littleEndian) { Array($0) } }
        return constant(name, shape, type: 1, raw)
    }

    /// A constant list of integers; returns its name.
    mutating func constant(_ name: String, integers: [Int]) -> String {
        let raw = integers.flatMap { value in withUnsafeBytes(of: Int64(value).littleEndian) { Array($0) } }
        return constant(name, [integers.count], type: 7, raw)
    }

    private mutating func constant(_ name: String, _ shape: [Int], type: Int, _ raw: [UInt8]) -> String {
        guard constants.insert(name).inserted else { return name }
        var tensor = ProtobufMessage()
        for n in shape { tensor.add(1, n) }
        tensor.add(2, type)
        tensor.add(8, name)
        tensor.add(9, raw)
        initializers.append(tensor)
        return name
    }

    /// The whole model: one input, one output, both batch × channels × depth × height × width with free sizes but the channels.
    func model(name: String, input: (name: String, channels: Int), output: (name: String, channels: Int)) -> [UInt8] {
        var graph = ProtobufMessage()
        for node in nodes { graph.add(1, node) }
        graph.add(2, name)
        for tensor in initializers { graph.add(5, tensor) }
        graph.add(11, Self.value(input.name, channels: input.channels))
        graph.add(12, Self.value(output.name, channels: output.channels))
        var operators = ProtobufMessage()
        operators.add(1, "")
        operators.add(2, Self.operators)
        var model = ProtobufMessage()
        model.add(1, 8)
        model.add(2, "skullstrip")
        model.add(7, graph)
        model.add(8, operators)
        return model.bytes
    }

    /// The version of the standard's operators whose definitions are followed.
    static let operators = 17

    private static func value(_ name: String, channels: Int) -> ProtobufMessage {
        var shape = ProtobufMessage()
        for size in ["batch", nil, "depth", "height", "width"] {
            var dimension = ProtobufMessage()
            if let size { dimension.add(2, size) } else { dimension.add(1, channels) }
            shape.add(1, dimension)
        }
        var tensor = ProtobufMessage()
        tensor.add(1, 1)
        tensor.add(2, shape)
        var type = ProtobufMessage()
        type.add(1, tensor)
        var value = ProtobufMessage()
        value.add(1, name)
        value.add(2, type)
        return value
    }
}
