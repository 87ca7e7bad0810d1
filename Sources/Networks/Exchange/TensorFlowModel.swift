import Support

/// Reads layered networks that TensorFlow.js publishes: `model.json` with the topology that Keras writes and a manifest of weights, and the files of
/// weights (little-endian float32) beside it.
///
/// Of Keras' layers those that segmentation networks are made of are read (`LayerReader`); any other is an error that names it. A convolution whose
/// name ends in `_gn` is followed by a normalisation of each channel without learnt weights, which is how the MeshNet brain models say what Keras'
/// topology cannot (https://github.com/neuroneural/brainchop).
public enum TensorFlowModel {
    /// Which axis of the file's tensors is which of a volume's: published brain models name theirs (x, y, z) as NIfTI does, Keras models made for
    /// arrays in memory order (z, y, x).
    public enum AxisOrder: String, Sendable, CaseIterable {
        case xyz, zyx
    }

    /// - Parameters:
    ///   - path: `model.json`; its files of weights must lie in the same folder.
    ///   - axes: the order of the spatial axes in the file.
    /// - Returns: the model; where its last layer is linear and has several channels, one for each class, a softmax is added.
    /// - Throws: `FileError`; `NetworkError.file` for what is damaged or cannot be read, with the layer's name; `MemoryError`.
    public static func load(_ path: String, axes: AxisOrder = .xyz) throws -> Model {
        func wrong(_ reason: String) -> NetworkError { .file(path: path, reason: reason) }
        do {
            let file = try MappedFile(path)
            guard file.bytes.count <= longestTopology else {
                throw wrong("its topology would be \(Text.bytes(file.bytes.count)) long")
            }
            let json = try JSON(bytes: Array(file.bytes))
            guard json["format"]?.string == "layers-model", let topology = json["modelTopology"]?["model_config"],
                let layers = (topology["config"]?["layers"] ?? topology["config"])?.array
            else { throw wrong("it holds no layered TensorFlow.js model (format \"layers-model\")") }
            var reader = LayerReader(axes: axes)
            for layer in layers { try reader.add(layer) }
            let (input, output) = try reader.ends(outputs: topology["config"]?["output_layers"])
            let model = try Model(input: input, output: output)
            let weights = try WeightManifest(json["weightsManifest"], folder: folder(of: path))
            try reader.fill(model, between: input, output, from: weights)
            model.metadata = ["source": "TensorFlow.js"]
            return model
        } catch let error as JSON.Malformed {
            throw wrong(error.reason)
        } catch let error as LayerReader.Problem {
            throw wrong(error.reason)
        } catch let error as NetworkError {
            if case .file = error { throw error }
            throw wrong(error.message)
        }
    }

    /// Far above real ones: 10,000 layers take about 8 MB.
    private static let longestTopology = 64 << 20

    private static func folder(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[...$0]) } ?? ""
    }
}

/// The arrays that a TensorFlow.js manifest names, read from the files beside it.
struct WeightManifest {
    private struct Place {
        let shape: [Int]
        let group: Int
        /// Of the first byte within the group's files, one after the other.
        let offset: Int
    }
    private var places: [String: Place] = [:]
    private var groups: [[UInt8]] = []

    init(_ manifest: JSON?, folder: String) throws {
        guard let listed = manifest?.array else { throw LayerReader.Problem("its weightsManifest is missing") }
        for (index, group) in listed.enumerated() {
            guard let paths = group["paths"]?.array, let weights = group["weights"]?.array else {
                throw LayerReader.Problem("group \(index) of its weightsManifest has no paths and weights")
            }
            var bytes: [UInt8] = []
            for path in paths {
                // A manifest comes from anywhere: it may name files of its own folder, and no others.
                guard let name = path.string, !name.isEmpty, !name.contains("/"), name != "." && name != ".." else {
                    throw LayerReader.Problem("group \(index) of its weightsManifest names no file of its folder: \(path.text)")
                }
                let file = try MappedFile(folder + name)
                try Memory.check(bytes.count + file.bytes.count, for: "the model's weights")
                bytes.append(contentsOf: file.bytes)
            }
            var offset = 0
            for weight in weights {
                guard let name = weight["name"]?.string, let shape = weight["shape"]?.array?.compactMap(\.integer),
                    shape.count == weight["shape"]?.array?.count, shape.allSatisfy({ $0 >= 0 })
                else { throw LayerReader.Problem("group \(index) of its weightsManifest has a weight without name and shape") }
                guard weight["dtype"]?.string == "float32", weight["quantization"] == nil else {
                    throw LayerReader.Problem("its weight \"\(name)\" is \(weight["dtype"]?.text ?? "of no type") or quantised, not plain float32")
                }
                let (end, fits) = Self.end(of: shape, from: offset)
                guard fits, end <= bytes.count else {
                    throw LayerReader.Problem("its weight \"\(name)\" of shape \(shape) ends beyond its file's \(bytes.count) bytes")
                }
                places[name] = Place(shape: shape, group: index, offset: offset)
                offset = end
            }
            groups.append(bytes)
        }
    }

    private static func end(of shape: [Int], from offset: Int) -> (Int, Bool) {
        var bytes = 4
        for n in shape {
            let (product, overflow) = bytes.multipliedReportingOverflow(by: n)
            if overflow || product > 1 << 40 { return (0, false) }
            bytes = product
        }
        return (offset + bytes, true)
    }

    /// The values of an array, which must have this shape. Throws `LayerReader.Problem`.
    func values(_ name: String, shape: [Int]) throws -> [Float] {
        guard let place = places[name] else { throw LayerReader.Problem("its weight \"\(name)\" is missing") }
        guard place.shape == shape else {
            throw LayerReader.Problem("its weight \"\(name)\" has shape \(place.shape), where its layer needs \(shape)")
        }
        let values = groups[place.group].withUnsafeBytes { raw in
            (0..<shape.reduce(1, *)).map {
                Float(bitPattern: UInt32(littleEndian: raw.loadUnaligned(fromByteOffset: place.offset + 4 * $0, as: UInt32.self)))
            }
        }
        guard Finite.all(values) else { throw LayerReader.Problem("its weight \"\(name)\" holds NaN or infinite values") }
        return values
    }
}
