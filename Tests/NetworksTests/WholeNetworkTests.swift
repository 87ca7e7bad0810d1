import Networks
import Testing

/// U-Nets of the sizes that every fast path takes part in, against PyTorch in double precision (Tests/Reference/networks/steps.py).
@Suite struct WholeNetworkTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let json: JSON
        let kind: String
        let filters, depth, batch, seed: Int
        let shape: SIMD3<Int>

        init(_ kind: String, _ json: JSON) {
            func whole(_ name: String) -> Int { json[name]?.integer ?? 1 }
            let sizes = json["shape"]?.array?.compactMap(\.integer) ?? [1, 1, 1]
            (self.json, self.kind) = (json, kind)
            (filters, depth, batch) = (whole("filters"), whole("depth"), whole("batch"))
            seed = json["seed"]?.integer ?? 0
            shape = SIMD3(sizes[0], sizes[1], sizes[2])
        }

        var testDescription: String { "\(kind): \(filters) filters, depth \(depth), \(shape.x)×\(shape.y)×\(shape.z), batch \(batch)" }

        static func all(_ kind: String) -> [Case] {
            guard let bytes = readBytes(ReferenceFile.folder + "/unet_steps.json"), let json = try? JSON(bytes: bytes) else { return [] }
            return (json[kind]?.array ?? []).map { Case(kind, $0) }
        }
    }

    /// The network with the weights that the script gives it.
    private func network(_ c: Case) throws -> Model {
        let model = try unet(filters: c.filters, depth: c.depth, dropout: 0)
        for (name, shape, values) in model.arrays {
            let parts = name.split(separator: ".")
            let kind = parts[2], what = parts[3]
            let scale: Double
            let centre: Double
            switch (kind, what) {
            case ("batchnorm", "weight"): (centre, scale) = (1, 0.25)
            case (_, "weight"):
                let inputs = kind == "upconv3d" ? shape[0] : shape[1]
                (centre, scale) = (0, (6 / Double(inputs * shape[2...].reduce(1, *))).squareRoot())
            case (_, "running_var"): (centre, scale) = (1, 0.5)
            default: (centre, scale) = (0, 0.125)
            }
            let shifted = what == "bias" && kind != "conv3d"
            try model.set(
                name,
                Formula.uniform("\(c.seed) \(name)", values.count).map { Float(centre + (shifted ? ($0 < 0 ? -1.5 : 1.5) : 0) + scale * $0) })
        }
        return model
    }

    @Test func referenceIsThere() {
        #expect(Case.all("steps").count == 5 && Case.all("curves").count == 2 && Case.all("predictions").count == 5)
    }

    @Test(arguments: Case.all("steps"))
    func stepAgreesWithPyTorch(_ c: Case) throws {
        let model = try network(c)
        let heads = Formula.heads(c.shape, batch: c.batch)
        let probe = try Probe(model, shape: c.shape, batch: c.batch, inputGradient: false)
        let output = try probe.forward(heads.flatMap(\.image))
        #expect(try #require(c.json["output"]).difference(output) < 1e-5)

        let expected = try #require(c.json["loss"]?.number)
        let loss = try probe.loss(heads.flatMap(\.target))
        #expect(abs(loss - expected) < 1e-5 * expected)

        try probe.backwardFromLoss()
        let gradients = try #require(c.json["gradients"])
        // Where rounding may push a value across a ReLU's edge, each such value moves the gradients by about 1 / sqrt(values of the layer).
        let tolerance = try #require(c.json["within"]?.number)
        #expect(probe.weightGradients.map(\.name).sorted() == gradients.keys.sorted())
        var weights = 1.0
        for (name, _, values) in probe.weightGradients {
            let reference = try #require(gradients[name])
            let size = try #require(reference["norm"]?.number)
            if name.hasSuffix("conv3d.weight") { weights = size }
            if size < 1e-12 {
                // A bias before a normalisation moves nothing: what is left are the roundings of a sum over all voxels.
                #expect(norm(values) < 1e-4 * weights, "\(name)")
            } else {
                #expect(reference.difference(values) < tolerance, "\(name)")
            }
        }

        probe.commit()
        let statistics = try #require(c.json["statistics"])
        for (name, _, values) in model.arrays where name.contains("running") {
            #expect(try #require(statistics[name]).difference(values) < 1e-5, "\(name)")
        }
    }

    @Test(arguments: Case.all("curves"))
    func fiftyStepsFollowPyTorch(_ c: Case) throws {
        let model = try network(c)
        let heads = Formula.heads(c.shape, batch: c.batch)
        let stored = c.json["losses"]?.array?.compactMap(\.number)
        let expected = try #require(stored)
        var losses: [Double] = []
        _ = try fit(
            model, train: SampleArray(heads), valid: nil,
            options: FitOptions(epochs: 1, steps: expected.count, batch: c.batch, optimizer: .adam(rate: 1e-3, epsilon: 1e-7)),
            onStep: { losses.append($0.loss) })
        #expect(losses.count == 50 && expected.count == 50)
        for (step, (found, wanted)) in zip(losses, expected).enumerated() {
            #expect(abs(found - wanted) < 0.01 * wanted, "step \(step + 1)")
        }
        #expect(losses[49] < 0.75 * losses[0])
    }

    /// Sizes that three halvings do not divide.
    @Test(arguments: Case.all("predictions"))
    func predictsAnySize(_ c: Case) throws {
        let model = try network(c)
        let image = Formula.uniform("image", c.shape.x * c.shape.y * c.shape.z).map { Float($0) }
        let found = try model.predict(image, shape: c.shape)
        #expect(try #require(c.json["output"]).difference(found) < 1e-5)

        // The same as zeros added by hand at the far ends, to the last bit.
        let multiple = 1 << c.depth
        let padded = (c.shape &+ (multiple - 1)) / multiple &* multiple
        let whole = try model.predict(place(image, c.shape, in: padded), shape: padded)
        #expect(found == place(whole, padded, in: c.shape))
    }

    @Test func trainingNamesTheMultipleThatItNeeds() throws {
        let model = try unet(filters: 2, depth: 3)
        let shape = SIMD3(97, 61, 43)
        let voxels = 97 * 61 * 43
        let sample = Sample(
            image: [Float](repeating: 0, count: voxels), target: [Float](repeating: 0, count: voxels), shape: shape, name: "odd")
        let error = NetworkError.shape(shape, multiple: SIMD3(8, 8, 8))
        #expect(throws: error) { try fit(model, train: SampleArray([sample]), valid: nil, options: FitOptions(epochs: 1)) }
        #expect(error.message.contains("97×61×43") && error.message.contains("divisible by 8×8×8"), "\(error.message)")
    }

    private func place(_ source: [Float], _ from: SIMD3<Int>, in to: SIMD3<Int>) -> [Float] {
        var out = [Float](repeating: 0, count: to.x * to.y * to.z)
        for z in 0..<min(from.z, to.z) {
            for y in 0..<min(from.y, to.y) {
                for x in 0..<min(from.x, to.x) { out[(z * to.y + y) * to.x + x] = source[(z * from.y + y) * from.x + x] }
            }
        }
        return out
    }

    private func norm(_ values: [Float]) -> Double { values.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot() }
}

/// The script's numbers, which are functions of names and indices.
enum Formula {
    /// SplitMix64 (Steele, Lea, Flood 2014) from a stream that is the name's FNV-1a hash.
    static func bits(_ name: String, _ count: Int) -> [UInt64] {
        let stream = name.utf8.reduce(UInt64(0xCBF2_9CE4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 }
        return (1...count).map { place in
            var z = stream &+ UInt64(place) &* 0x9E37_79B9_7F4A_7C15
            z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
            z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
            return z ^ (z >> 31)
        }
    }

    static func uniform(_ name: String, _ count: Int) -> [Double] { bits(name, count).map { Double($0 >> 40) / 0x1p23 - 1 } }

    /// Balls that are brighter than the noise around them.
    static func heads(_ shape: SIMD3<Int>, batch: Int) -> [Sample] {
        (0..<batch).map { n in
            let noise = uniform("image \(n)", shape.x * shape.y * shape.z)
            let centre = shape &+ (shape &* n) / 4
            let radius = shape.min() * 3 / 4
            var image: [Float] = [], target: [Float] = []
            for z in 0..<shape.z {
                for y in 0..<shape.y {
                    for x in 0..<shape.x {
                        let d = SIMD3(x, y, z) &* 2 &- centre
                        let inside: Double = (d &* d).wrappedSum() < radius * radius ? 1 : 0
                        target.append(Float(inside))
                        image.append(Float(inside + noise[image.count]))
                    }
                }
            }
            return Sample(image: image, target: target, shape: shape, name: "head \(n)")
        }
    }
}

extension JSON {
    fileprivate var keys: [String] { if case .object(let members) = self { members.map(\.key) } else { [] } }

    /// ‖values − stored‖ / ‖stored‖, estimated by the stored projections onto random signs: within a fifth with 64 of them.
    fileprivate func difference(_ values: [Float]) -> Double {
        guard let stored = self["projections"]?.array?.compactMap(\.number), stored.count == 64, let norm = self["norm"]?.number else {
            return .infinity
        }
        var sums = [Double](repeating: 0, count: 64)
        for (value, signs) in zip(values, Formula.bits("signs", values.count)) {
            for j in 0..<64 { sums[j] += signs >> UInt64(j) & 1 == 1 ? Double(value) : -Double(value) }
        }
        let mean = zip(sums, stored).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) } / 64
        let error = mean.squareRoot() / max(norm, 1e-300)
        return error.isNaN ? .infinity : error
    }
}
