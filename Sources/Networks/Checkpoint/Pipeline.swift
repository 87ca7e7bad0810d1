import Support

/// What turns a raw image into a mask besides the network's weights: carried by a model and stored in its file.
public struct Pipeline: Sendable, Equatable {
    /// A function of the language from the raw volume to what the network sees, with all values that it reads written out; nil where the network
    /// takes the image as it is.
    public var recipe: String?
    /// The builtins that the recipe calls, with the parameters and defaults that they had when it was written.
    public var signatures: [String: String] = [:]
    /// The least probability of a voxel of the mask, 0 to 1.
    public var threshold = 0.5
    /// Whether only the largest connected component is kept.
    public var largest = true
    /// Whether holes are filled.
    public var fill = true
    /// Voxels of the prepared image that the network sees at a time; nil for all at once.
    public var window: SIMD3<Int>?
    /// The share by which neighbouring windows overlap along each axis, from 0 to below 1.
    public var overlap = 0.5
    /// Whether the mean over the image and its mirror image is taken.
    public var flips = false
    /// Whether the brain is looked for where the image is larger than what the recipe makes of it.
    public var search = true
    /// Bounds beyond which a prediction is suspect.
    public var limits = QualityLimits()

    /// A pipeline that changes nothing about a network but what `threshold` and cleaning up do to its mask.
    public init(recipe: String? = nil) { self.recipe = recipe }

    /// Throws `NetworkError.option` for numbers that make no sense.
    public func validate() throws {
        func check(_ name: String, _ value: Double, _ range: ClosedRange<Double>, _ expected: String) throws {
            guard range.contains(value) else { throw NetworkError.option(name: name, value: Text.short(value), expected: expected) }
        }
        try check("threshold", threshold, 0...1, "from 0 to 1")
        try check("overlap", overlap, 0...SlidingWindow.mostOverlap, "from 0 to \(Text.short(SlidingWindow.mostOverlap))")
        if let window, window.min() < 1 || window.max() > Limit.axis {
            throw NetworkError.option(name: "window", value: Text.sizes(window), expected: "1 to \(Limit.axis) voxels along each axis")
        }
        if let volume = limits.volume { try check("volume", volume.lowerBound, 0...1e9, "from 0") }
        for (name, value) in limits.shares { try check(name, value, 0...1, "from 0 to 1") }
    }
}

/// Bounds beyond which a prediction is suspect. Shares are from 0 to 1.
public struct QualityLimits: Sendable, Equatable {
    /// The expected volume in ml; nil where nothing is known.
    public var volume: ClosedRange<Double>?
    /// The least share of the thresholded voxels that the largest component may hold.
    public var largestShare = 0.9
    /// The largest share of the mask that may have been holes.
    public var holeShare = 0.05
    /// The largest share of the mask's surface that may lie on the border of the field of view.
    public var contact = 0.05
    /// The largest share by which the masks of the image and its mirror image may disagree (1 − Dice).
    public var flip = 0.05
    /// The largest mean entropy of the probabilities along the mask's surface, in bits.
    public var entropy = 0.9

    /// The least share of the image's range by which it must be brighter in the mask than in the air.
    public var brightness = 0.05
    /// The thickest layer of doubt about the mask's surface, in cm; beyond it the head is also looked at along other axes than its header gives. 1 for none, since it depends on
    /// the sharpness of the masks that a network was trained with.
    public var doubt = 1.0

    /// The bounds that a model without others is held to.
    public init() {}

    /// Each bound with its name in scripts and files.
    public static let names: [(name: String, path: WritableKeyPath<QualityLimits, Double> & Sendable)] = [
        ("largest_share", \.largestShare), ("hole_share", \.holeShare), ("contact", \.contact), ("flip", \.flip), ("entropy", \.entropy),
        ("brightness", \.brightness), ("doubt", \.doubt),
    ]

    var shares: [(name: String, value: Double)] { Self.names.map { ($0.name, self[keyPath: $0.path]) } }
}

extension Pipeline {
    private static let version = 1

    /// As it stands in a model file's metadata.
    package var json: JSON {
        var members: [(key: String, value: JSON)] = [("version", .number(Double(Self.version)))]
        if let recipe { members.append(("recipe", .string(recipe))) }
        members.append(("builtins", .object(signatures.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) })))
        members += [("threshold", .number(threshold)), ("largest", .bool(largest)), ("fill", .bool(fill))]
        if let window { members.append(("window", .triple(window))) }
        members += [("overlap", .number(overlap)), ("flips", .bool(flips)), ("search", .bool(search))]
        if let volume = limits.volume { members.append(("volume", .array([.number(volume.lowerBound), .number(volume.upperBound)]))) }
        members.append(("limits", .object(limits.shares.map { ($0.name, .number($0.value)) })))
        return .object(members)
    }

    /// From a file, whose text comes from anywhere. Throws `NetworkError.graph` that names the field, `.option` for numbers that make no sense.
    init(json: JSON) throws {
        func wrong(_ name: String, _ expected: String) -> NetworkError { .graph("its pipeline's \"\(name)\" is not \(expected)") }
        guard case .object(let members) = json else { throw NetworkError.graph("its pipeline is not a JSON object") }
        let version = json["version"]?.integer
        guard version == Self.version else {
            throw NetworkError.graph("its pipeline was written by a newer version (\(version.map(String.init) ?? "unknown"))")
        }
        for (key, value) in members {
            func number() throws -> Double {
                guard let n = value.number, n.isFinite else { throw wrong(key, "a number") }
                return n
            }
            func bool() throws -> Bool {
                guard let b = value.bool else { throw wrong(key, "true or false") }
                return b
            }
            switch key {
            case "recipe":
                guard let text = value.string, !text.isEmpty else { throw wrong(key, "a function's text") }
                recipe = text
            case "builtins":
                guard case .object(let strings) = value else { throw wrong(key, "an object of strings") }
                for (name, text) in strings {
                    guard let text = text.string else { throw wrong(key, "an object of strings") }
                    signatures[name] = text
                }
            case "threshold": threshold = try number()
            case "overlap": overlap = try number()
            case "largest": largest = try bool()
            case "fill": fill = try bool()
            case "flips": flips = try bool()
            case "search": search = try bool()
            case "window":
                guard let list = value.array?.compactMap(\.integer), list.count == 3, value.array?.count == 3 else {
                    throw wrong(key, "a list of 3 whole numbers")
                }
                window = SIMD3(list[0], list[1], list[2])
            case "volume":
                guard let list = value.array?.compactMap(\.number), list.count == 2, value.array?.count == 2, list[0] <= list[1],
                    list[1].isFinite
                else { throw wrong(key, "a list of the least and the greatest volume") }
                limits.volume = list[0]...list[1]
            case "limits":
                for (name, path) in QualityLimits.names {
                    guard let given = value[name] else { continue }
                    guard let n = given.number else { throw wrong("limits.\(name)", "a number") }
                    limits[keyPath: path] = n
                }
            default: break
            }
        }
        try validate()
    }
}
