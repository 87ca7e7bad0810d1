import Figures
import Imaging
import Networks
import Runtime
import Support

extension VoxelPart: Convertible {}
extension Datatype: Convertible {}

/// How a model's weights are stored, as a script names it.
enum WeightType: String, CaseIterable, Sendable, Convertible {
    case float32, float16, bfloat16

    var stored: StoredNumber {
        switch self {
        case .float32: .float32
        case .float16: .float16
        case .bfloat16: .bfloat16
        }
    }
}

extension Value {
    /// Whether this is a volume, or a list of nothing but volumes.
    fileprivate var isVolumes: Bool {
        func isVolume(_ value: Value) -> Bool { if case .volume = value { true } else { false } }
        return isVolume(self) || isList { isVolume($0) }
    }

    /// Whether this is a list of nothing but masks.
    fileprivate var isMasks: Bool { isList { if case .mask = $0 { true } else { false } } }

    /// Whether this is a list of nothing but records.
    fileprivate var isRecords: Bool { isList { if case .record = $0 { true } else { false } } }

    private func isList(of fits: (Value) -> Bool) -> Bool {
        guard case .list(let list) = self else { return false }
        return !list.isEmpty && list.allSatisfy(fits)
    }
}

extension Catalog {
    /// A line where whole numbers are beyond what is computed with.
    private static func noteRounding(of images: [Volume], in path: String, _ context: Context) {
        let rounded = images.reduce(0) { $0 + $1.roundedIntegers }
        guard rounded > 0 else { return }
        context.note(
            "note: \"\(path)\": \(Text.grouped(rounded)) voxels are integers beyond 16777216 (2^24) and are rounded for computing; what only moves voxels, and save, keep them as they are"
        )
    }

    static let files: [Builtin] = [
        Builtin(
            "load", "Read a volume, a transform or a model from a file.", theme: .files,
            details: """
                Images are NIfTI-1 and -2 (`.nii`, `.hdr` with `.img`), FreeSurfer (`.mgh`, `.mgz`) and NRRD (`.nrrd`, `.nhdr`), gzipped or not, in either byte
                order, of any integer, float, complex or colour type; values are scaled by the header's slope and intercept, of which a slope of 0 or NaN means
                none. NIfTI's voxel-to-world transform is the sform if it has a code, else the qform, else the voxel sizes alone, as in nibabel; a singular sform
                gives way to a good qform, and without one is an error. Where sform and qform disagree, a line says so.
                A 4-D file becomes a list of volumes on one grid; `frame` reads one of them, with the memory of one.
                Voxels are held as float32, which is exact for integers up to 16777216 (2^24): larger ones (int32, uint32, int64, uint64) and
                float64 values are rounded to about 7 digits for computing. What only moves voxels (crops and slices, `pad`, `flip`, `permute`, `reorient`, nearest and label
                `resample`) and `save` keep them exactly. A line says where integers are rounded.
                Transforms are ITK's `.tfm`, `.txt` and `.mat`, as SimpleITK and ANTs write them, and MNI's `.xfm`.
                Models are `.safetensors` files that `save` or `fit` wrote, with the pipeline around the network where there is one, or the `model.json` of a network that
                TensorFlow.js publishes, with its files of weights beside it (layers such as MeshNet's and U-Net's; axes x, y, z as in the brainchop models);
                `load_weights` takes the weights alone of any program's safetensors file.
                A mask file is a volume too; `load(path) > 0` is the mask. `-` is an image on standard input, of any of these formats.
                """,
            Param<String>("path", "the file; `~/` is the home folder, `-` standard input"),
            Param<Int?>("frame", "which image of a 4-D file, from 0; all without it", default: nil),
            Param<VoxelPart>(
                "part",
                "which number of complex and colour voxels; `automatic` is the magnitude, or the luminance (0.299 R + 0.587 G + 0.114 B)",
                default: .automatic),
            returns: "a volume, a list of volumes, a transform, or a model",
            examples: [
                Example("save(phantom(seed=1, shape=8, spacing=20).labels, \"labels.nii.gz\")\nload(\"labels.nii.gz\").shape", "[8, 8, 8]"),
                Example(
                    "v = phantom(seed=1, shape=8, spacing=20).labels\nsave([v, v + 1, v + 2], \"series.nii.gz\")\n"
                        + "mean(load(\"series.nii.gz\", frame=2) - v)", "2"),
            ]
        ) { context, path, frame, part -> Value in
            let path = try context.path(path)
            if path.isFile(ending: ".safetensors") {
                if let frame { throw context.reject("frame", expected: "left out for a model", found: "\(frame)") }
                return .model(try context.loadModel(path))
            }
            if TransformFile.endings.contains(where: path.isFile) {
                if let frame { throw context.reject("frame", expected: "left out for a transform", found: "\(frame)") }
                return .transform(try TransformFile.read(path))
            }
            if path.isFile(ending: ".onnx") {
                throw context.reject(
                    "path", expected: "an image, a transform or a model", found: "\"\(path)\"", hint: "ONNX models are written by `save`, and not read; `load_weights` brings weights")
            }
            if path.isFile(ending: ".json") { return .model(try TensorFlowModel.load(path)) }
            let images = try frame.map { [try ImageFile.read(path, frame: $0, part: part)] } ?? ImageFile.readAll(path, part: part)
            for warning in [images[0].header?.disagreement, images[0].header?.unusualUnit] {
                if let warning { context.note("warning: \"\(path)\": \(warning)") }
            }
            noteRounding(of: images, in: path, context)
            return images.count == 1 ? .volume(images[0]) : images.value
        },

        Builtin(
            "frames", "The number of images in a file, without reading them.", theme: .files,
            Param<String>("path", "the file"),
            returns: "a number; 1 but for 4-D files",
            examples: [
                Example("v = phantom(seed=1, shape=8, spacing=20).labels\nsave([v, v], \"pair.nii.gz\")\nframes(\"pair.nii.gz\")", "2")
            ]
        ) { context, path -> Int in try ImageReader(context.path(path)).frames },

        Builtin(
            "each_frame", "What a function gives for every image of a 4-D file, read one at a time.", theme: .files,
            details: "Memory holds one image and what the function gives, and a compressed file is inflated once.",
            Param<String>("path", "the file"),
            Param<Function>("f", "a function of a volume"),
            Param<VoxelPart>("part", "as in `load`", default: .automatic),
            returns: "the list of what it gave, in the order of the images",
            examples: [
                Example(
                    "v = phantom(seed=1, shape=8, spacing=20).labels\nsave([v - v, v - v + 7], \"two.nii.gz\")\n"
                        + "each_frame(\"two.nii.gz\", v -> mean(v))", "[0, 7]")
            ]
        ) { context, path, f, part -> [Value] in
            let reader = try ImageReader(context.path(path))
            return try (0..<reader.frames).map { try context.call(f, [.volume(try reader.frame($0, part: part))]) }
        },

        Builtin(
            "save", "Write a volume, mask, transform, table, figure, model, text or plain values to a file.", theme: .files,
            details: """
                Volumes and masks become what the name says: NIfTI (`.nii`, `.nii.gz`, a pair for `.hdr` or `.img`), FreeSurfer (`.mgh`, `.mgz`) or NRRD
                (`.nrrd`); a list of volumes on one grid becomes one 4-D file. Place in space and all that is known of the source's header are kept. Nothing
                is lost unasked: a volume of which no voxel was changed, only moved, is written with the numbers that its file had, others in their type where every value fits
                exactly, else as float32; masks are uint8 without scaling. `dtype` asks for a type, to which values are rounded and in which they are limited, with a line that
                says how many; nan and infinite voxels are an error for an integer type.
                Transforms become ITK's files (`.tfm` or `.txt` as text, `.mat` as ANTs has them), which hold the way of a position from the fixed image to the moving one, or MNI's
                (`.xfm`), from the moving one to the fixed.
                A list of records becomes a table: `.tsv` with tabs and `n/a`, or `.csv` with commas. Numbers, strings, lists and records become `.json`, a string also `.txt`. Figures become `.png`, models `.safetensors`, or
                `.onnx` for other programs. The file appears whole or not at all: it is written beside its place and then renamed.
                `-` is standard output, where images go as gzipped NIfTI and tables with tabs; `-.nii`, `-.mgz`, `-.png` and so on ask for another format.
                """,
            Param<Value>("value", "a volume, mask, list of volumes, list of records, transform, figure, model, string, or anything that JSON holds"),
            Param<String>("path", "the file, whose ending names the format; `-` is standard output"),
            Param<Datatype?>("dtype", "the type of voxels to write, at the price of rounding", default: nil),
            Param<WeightType>(
                "weights", "how a model's weights are stored: float16 and bfloat16 take half of the space, and 3 or 2 digits remain",
                default: .float32),
            returns: "nothing",
            examples: [
                Example(
                    "m = phantom(seed=1, shape=16, spacing=12).mask\nsave(m, \"brain.nii.gz\")\ndice(m, load(\"brain.nii.gz\") > 0)", "1"),
                Example(
                    "v = phantom(seed=1, shape=8, spacing=20).image\nsave(v, \"small.nii.gz\", dtype=\"int16\")\nload(\"small.nii.gz\").datatype",
                    "\"int16\""),
                Example("save([{id: \"a\", dice: 0.93}], \"dice.csv\")\nread_text(\"dice.csv\")", "\"id,dice\\na,0.93\\n\""),
                Example(
                    "t = transform([[1, 0, 0, 3], [0, 1, 0, -2], [0, 0, 1, 0]])\nsave(t, \"step.tfm\")\nload(\"step.tfm\").matrix[0]",
                    "[1, 0, 0, 3]"),
            ]
        ) { context, value, path, type, weights in
            let path = try context.path(path)
            if case .model = value {
            } else if weights != .float32 {
                throw context.reject("weights", expected: "left out for \(value.mention)", found: weights.rawValue)
            }
            if let type, !(value.isVolumes) {
                throw context.reject("dtype", expected: "left out for \(value.mention)", found: type.rawValue)
            }
            switch value {
            case _ where path.isFile(ending: ".png") && (value.isVolumes || value.isMasks || value.kind == "mask"):
                throw context.reject(
                    "value", expected: "a figure, as the file's name ends in .png", found: value.mention, hint: "slices(v), overlay(v) and overlay(v, mask) are pictures of volumes")
            case _ where path.isFile(ending: ".json"):
                try AtomicFile.write(Array((try JSONText.write(value, indented: true) + "\n").utf8), to: path)
            case .string(let text) where path.isFile(ending: ".txt") || path.isFile(ending: ".md"): try AtomicFile.write(Array(text.utf8), to: path)
            case _ where value.isVolumes:
                let images = if case .volume(let volume) = value { [volume] } else { try [Volume].from(value) }
                let limited = try ImageFile.write(images, to: path, datatype: type)
                if limited > 0, let type {
                    context.note(
                        "warning: \"\(path)\": \(Text.grouped(limited)) voxels were beyond \(type.rawValue) and became its least or largest number"
                    )
                }
            case .list(let list) where value.isRecords: try RecordTable.write([Record].from(.list(list)), to: path)
            case .list(let list) where value.isMasks:
                try ImageFile.write(try [Mask].from(.list(list)), to: path)
            case .mask(let mask): try ImageFile.write(mask, to: path)
            case .transform(let transform): try TransformFile.write(transform, to: path)
            case .figure(let figure): try figure.save(to: path)
            case .model(let model):
                if path.isFile(ending: ".onnx") { return try model.exportONNX(to: path) }
                guard path.isFile(ending: ".safetensors") else {
                    throw context.reject("path", expected: "a file name ending in .safetensors or .onnx", found: "\"\(path)\"")
                }
                try model.save(to: path, storing: weights.stored)
            default:
                throw context.reject(
                    "value", expected: "a volume, mask, list of volumes, of masks or of records, transform, figure or model", found: value.mention,
                    hint: "strings go into .txt, and numbers, strings, lists and records into .json")
            }
        },

        Builtin(
            "roundtrip", "What reading an image file and writing it again would change.", theme: .files,
            details: """
                The file is read, written in its own format to a temporary file, and the two are compared: every header field, and the voxels as they are stored.
                Byte order, compression and the place where voxels begin are no differences.
                """,
            Param<String>("path", "the image file"),
            returns: "a list of sentences; empty when nothing is lost",
            examples: [
                Example("save(phantom(seed=1, shape=8, spacing=20).labels, \"labels.nii.gz\")\nroundtrip(\"labels.nii.gz\")", "[]")
            ]
        ) { context, path -> [String] in try RoundTrip.differences(context.path(path)) },

        Builtin(
            "exists", "Whether there is a file or folder of a name.", theme: .files,
            Param<String>("path", "the file or folder"),
            returns: "true or false",
            examples: [Example("exists(\"no-such-file.nii\")", "false")]
        ) { context, path in try FileSystem.exists(context.path(path)) },

        Builtin(
            "make_folder", "Make a folder, and those above it, unless it is there.", theme: .files,
            Param<String>("path", "the folder"),
            returns: "the path",
            examples: [Example("make_folder(\"results/masks\")\nexists(\"results/masks\")", "true")]
        ) { context, path -> String in
            guard !path.isEmpty else { throw context.reject("path", expected: "the name of a folder", found: "an empty string") }
            try FileSystem.makeFolder(context.path(path))
            return path
        },

        Builtin(
            "files", "The names in a folder, sorted.", theme: .files,
            Param<String>("folder", "the folder"),
            Param<String>("ending", "only names that end so", default: ""),
            returns: "a list of paths",
            examples: [Example("make_folder(\"empty\")\nfiles(\"empty\")", "[]")]
        ) { context, folder, ending -> [String] in
            try FileSystem.list(context.path(folder)).filter { $0.hasSuffix(ending) }.map { folder + "/" + $0 }
        },
    ]
}
