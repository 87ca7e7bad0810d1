import Imaging
import Networks
import Runtime
import Segmentation
import Support

extension Catalog {
    static let pipelines: [Builtin] = [
        Builtin(
            "pipeline", "A model that takes raw images: a network with all that stands around it.", theme: .training,
            details: """
                `prepare` makes of a raw image what the network was trained on. The model keeps it as text, with the values that it reads written out
                and the library's functions that it calls, so that `save` puts the whole pipeline into one file and `load` gives it back in another
                session. Such a recipe can only compute: builtins that touch files, the screen, the program's settings or a training are refused in
                it, so that a model from elsewhere does no harm; and it cannot hold volumes. `volume` is the range in ml in which masks are expected,
                beyond which `predict` with `qc` calls them suspect. `limits` sets the other bounds: `largest_share` (0.9, the least share of the
                largest component), `hole_share` (0.05 of the volume), `contact` (0.05 of the surface), `flip` (0.05), `entropy` (0.9 bits),
                `brightness` (0.05, the least share of the image's range by which it is brighter in the mask than in the air) and `doubt` (1, which is none: the thickest layer in
                cm of what the network is in doubt of; beyond it the head is also looked at along other axes than its header gives, where the recipe's boxes lie along right, anterior, superior; `search=false` keeps it from that). The weights are shared with `net`. Of a model that has a pipeline already, what is not given stays as it is.
                With `search`, a brain that is not found whole in the middle of an image larger than what the recipe makes of it is looked for: the
                recipe is given parts of the image, first about what was found, then all over the field of view.
                """,
            Param<Model>("net", "the network, or a model whose pipeline is changed"),
            Param<Function?>("prepare", "a function from the raw volume to the one that the network sees", default: nil),
            Param<Double?>("threshold", "the least probability of a voxel of the mask, 0.5 at first", default: nil),
            Param<Bool?>("largest", "whether only the largest component is kept, true at first", default: nil),
            Param<Bool?>("fill", "whether holes are filled, true at first", default: nil),
            Param<[Double]?>("volume", "the least and the greatest expected volume in ml", default: nil),
            Param<WholeTriple?>("window", "voxels of a box that the network sees at a time; none for all at once", default: nil),
            Param<Double?>("overlap", "the least share by which boxes overlap, 0.5 at first", default: nil),
            Param<Bool?>("flips", "whether the mean over the image and its mirror image is taken, false at first", default: nil),
            Param<Bool?>("search", "whether the brain is looked for in images larger than what the network sees, true at first", default: nil),
            Param<Record?>("limits", "bounds beyond which a prediction is suspect", default: nil),
            returns: "a model",
            examples: [
                Example(
                    "size = [16, 16, 16]\nbrain = pipeline(unet3d(filters=2, depth=1), prepare = v -> v |> resample(shape=size, spacing=12) |> normalize(), threshold=0.4)\n"
                        + "save(brain, \"brain.safetensors\")\nload(\"brain.safetensors\").pipeline.threshold", "0.4"),
                Example(
                    "net = pipeline(unet3d(filters=2, depth=1), prepare = v -> v / 100, volume=[900, 1900])\nprint(net.pipeline.recipe)",
                    "v -> v / 100"),
            ]
        ) { context, net, prepare, threshold, largest, fill, volume, window, overlap, flips, search, limits -> Model in
            var pipeline = net.pipeline ?? Pipeline()
            if let prepare {
                guard prepare.takes(1) else {
                    throw context.reject("prepare", expected: "a function of one image", found: prepare.signature)
                }
                let (text, builtins) = try prepare.textWithLibrary()
                _ = try context.onlyComputing("the recipe") { try context.function(from: text, name: "the recipe") }
                if let other = builtins.first(where: { !$0.theme.onlyComputes }) {
                    context.note("warning: the recipe calls \(other.name), which is refused where it runs: a recipe may only compute")
                }
                pipeline.recipe = text
                pipeline.signatures = Dictionary(builtins.map { ($0.name, $0.signature) }) { first, _ in first }
            }
            pipeline.threshold = threshold ?? pipeline.threshold
            pipeline.largest = largest ?? pipeline.largest
            pipeline.fill = fill ?? pipeline.fill
            pipeline.window = window?.numbers ?? pipeline.window
            pipeline.overlap = overlap ?? pipeline.overlap
            pipeline.flips = flips ?? pipeline.flips
            pipeline.search = search ?? pipeline.search
            if let volume {
                guard volume.count == 2, volume[0] >= 0, volume[0] <= volume[1], volume[1].isFinite else {
                    throw context.reject(
                        "volume", expected: "a list of the least and the greatest volume in ml", found: volume.value.mention)
                }
                pipeline.limits.volume = volume[0]...volume[1]
            }
            for (name, value) in limits?.fields ?? [:] {
                guard let known = QualityLimits.names.first(where: { $0.name == name }), case .number(let x) = value, (0...1).contains(x)
                else {
                    let names = QualityLimits.names.map(\.name)
                    throw context.reject(
                        "limits", expected: "a record of numbers from 0 to 1", found: "\(name): \(value.mention)",
                        hint: Text.nearest(to: name, among: names).map { $0 == name ? nil : "did you mean `\($0)`?" }
                            ?? "its fields are \(names.joined(separator: ", "))")
                }
                pipeline.limits[keyPath: known.path] = x
            }
            return try net.with(pipeline)
        },

        Builtin(
            "default_model", "The trained model that comes with the program.", theme: .training,
            details: """
                Looked for in `share/skullstrip/default.safetensors` beside the folder of the program, and in `models/` of the repository that the
                program was built in. Without one, an error says where it was looked for.
                """,
            returns: "a model with a pipeline",
            examples: [Example("try { predict(default_model(), \"head.nii.gz\") } catch e { print(e.message) }", nil)]
        ) { context -> Model in try context.loadModel(DefaultModel.path()) },

        Builtin(
            "weights", "The names and shapes of a network's weights and running statistics.", theme: .networks,
            details: "As its file has them: axes in PyTorch's order. The number in a name is that of the layer in `summary`.",
            Param<Model>("net", "the model"),
            returns: "a list of records {name, shape}",
            examples: [
                Example(
                    "x = input()\nweights(model(x, conv3d(x, 1, kernel=1)))[0]", "{name: \"layer.1.conv3d.weight\", shape: [1, 1, 1, 1, 1]}"
                )
            ]
        ) { _, net -> [Record] in net.weightNames.map { Record([("name", $0.name.value), ("shape", $0.shape.value)]) } },

        Builtin(
            "load_weights", "Put the tensors of a safetensors file of any program in place of a network's weights, by name.",
            theme: .networks,
            details: """
                Tensors are F32, F16 or BF16, in PyTorch's axis order. The network's names are those that `weights` tells, which may be shortened:
                "layer.3.conv3d.weight", "layer.3.weight", "3.weight". `map` leads from the file's names to these: a record, whose fields stand for
                whole names or for what comes before a point, {"encoder.0.conv": "1", "head": "42"}, and where `none` leaves tensors out; or a
                function of a name. All that does not fit, what is missing, unexpected or of another shape, is told in one error before any weight has
                changed. Counters of batches are passed over.
                """,
            Param<Model>("net", "the model, whose weights are replaced"),
            Param<String>("path", "the safetensors file"),
            Param<Either<Record, Function>?>("map", "from the file's names to the network's; none where they are the same", default: nil),
            Param<Bool>("partial", "takes what fits, and leaves the rest", default: false),
            returns: "how many arrays were set",
            examples: [
                Example(
                    "a = unet3d(filters=2, depth=1)\nsave(a, \"weights.safetensors\")\nb = unet3d(filters=2, depth=1, seed=7)\nload_weights(b, \"weights.safetensors\") == length(weights(b))",
                    "true")
            ]
        ) { context, net, path, map, partial -> Int in
            try net.loadWeights(context.path(path), partial: partial) { name in
                switch map {
                case nil: return name
                case .first(let record)?:
                    return try TensorNames.renamed(name) { prefix in try record[prefix].map { try target($0, prefix, context) } }
                case .second(let function)?: return try target(context.call(function, [.string(name)]), name, context)
                }
            }
        },
    ]

    /// A name of the network, or nil for none.
    private static func target(_ value: Value, _ name: String, _ context: Context) throws -> String? {
        do {
            return try String?.from(value)
        } catch {
            throw context.reject("map", expected: "something that gives a string or none for \"\(name)\"", found: value.mention)
        }
    }
}

extension Context {
    /// A model from a file. A note tells where a builtin that its recipe calls has other parameters or defaults by now.
    /// Throws `FileError`, `NetworkError.file` where the file is damaged or something else, `MemoryError`, `Interrupted`.
    public func loadModel(_ path: String) throws -> Model {
        let model = try Model.load(path)
        let now = Dictionary((Language.builtins + Catalog.all).map { ($0.name, $0.signature) }) { first, _ in first }
        for (name, then) in (model.pipeline?.signatures ?? [:]).sorted(by: { $0.key < $1.key }) where now[name] != then {
            note(
                "warning: \"\(path)\": the recipe was written for \(then)"
                    + (now[name].map { ", which is now \($0)" } ?? ", which is no more"))
        }
        return model
    }
}
