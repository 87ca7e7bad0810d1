import Figures
import Imaging
import Networks
import Runtime
import Support

extension Catalog {
    static let files: [Builtin] = [
        Builtin(
            "load", "Read a volume or a model from a file.", theme: .files,
            details: """
                Images are NIfTI (`.nii`, `.nii.gz`), in either byte order, of any integer or float type; values are scaled by the header's slope
                and intercept. The voxel-to-world transform is the sform if it has a code, else the qform, else the voxel sizes alone, as in nibabel;
                a singular sform gives way to a good qform, and without one is an error. Of a 4-D file, `frame` says which image is wanted.
                Voxels are held as float32, which is exact for integers up to 16777216 (2^24): larger ones (int32, uint32, int64, uint64) and
                float64 values are rounded to about 7 digits.
                Models are `.safetensors` files that `save` or `fit` wrote.
                A mask file is a volume too; `load(path) > 0` is the mask.
                """,
            Param<String>("path", "the file; `~/` is the home folder"),
            Param<Int?>("frame", "which image of a 4-D file, from 0", default: nil),
            returns: "a volume or a model",
            examples: [
                Example("save(phantom(seed=1, shape=8, spacing=20).labels, \"labels.nii.gz\")\nload(\"labels.nii.gz\").shape", "[8, 8, 8]")
            ]
        ) { context, path, frame -> Value in
            let path = context.path(path)
            guard path.hasSuffix(".safetensors") else { return .volume(try NIfTI.read(path, frame: frame)) }
            if let frame { throw context.reject("frame", expected: "left out for a model", found: "\(frame)") }
            return .model(try Model.load(path))
        },

        Builtin(
            "save", "Write a volume, mask, figure or model to a file.", theme: .files,
            details: """
                Volumes and masks become NIfTI (`.nii`, `.nii.gz`) with their place in space and what is known of the source's header; masks are uint8.
                Figures become `.png`, models `.safetensors`. The file appears whole or not at all: it is written beside its place and then renamed.
                """,
            Param<Value>("value", "a volume, mask, figure or model"),
            Param<String>("path", "the file; its ending names the format"),
            returns: "nothing",
            examples: [
                Example(
                    "m = phantom(seed=1, shape=16, spacing=12).mask\nsave(m, \"brain.nii.gz\")\ndice(m, load(\"brain.nii.gz\") > 0)", "1")
            ]
        ) { context, value, path in
            let path = context.path(path)
            switch value {
            case .volume(let volume): try NIfTI.write(volume, to: path)
            case .mask(let mask): try NIfTI.write(mask, to: path)
            case .figure(let figure): try figure.save(to: path)
            case .model(let model):
                guard path.hasSuffix(".safetensors") else {
                    throw context.reject("path", expected: "a file name ending in .safetensors", found: "\"\(path)\"")
                }
                try model.save(to: path, metadata: [:])
            default:
                throw context.reject("value", expected: "a volume, mask, figure or model", found: value.mention)
            }
        },

        Builtin(
            "exists", "Whether there is a file or folder of a name.", theme: .files,
            Param<String>("path", "the file or folder"),
            returns: "true or false",
            examples: [Example("exists(\"no-such-file.nii\")", "false")]
        ) { context, path in FileSystem.exists(context.path(path)) },

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
