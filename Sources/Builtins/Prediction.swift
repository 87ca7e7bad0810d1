import Imaging
import Networks
import Runtime
import Support

extension Catalog {
    static let prediction: [Builtin] = [
        Builtin(
            "predict", "A network's mask of a volume, on the volume's own grid.", theme: .training,
            details: """
                The volume should be prepared as those in training were. Sizes that the network cannot halve are padded with zeros and cut back.
                A voxel belongs to the mask where its probability is at least `threshold`, the comparison with which `fit` takes Dice and IoU.
                """,
            Param<Model>("net", "the model"),
            Param<Volume>("image", "the volume"),
            Param<Double>("threshold", "the least probability of a voxel of the mask, from 0 to 1", default: 0.5),
            Param<PrecisionName>("precision", "how values between layers are stored: bf16 takes half of the memory", default: .float32),
            returns: "a mask",
            examples: [
                Example("predict(unet3d(filters=2, depth=1), phantom(seed=1, shape=9, spacing=20).image, threshold=0).shape", "[9, 9, 9]")
            ]
        ) { context, net, image, threshold, precision -> Mask in
            guard (0...1).contains(threshold) else {
                throw context.reject("threshold", expected: "a number from 0 to 1", found: Text.short(threshold))
            }
            let p = try probabilities(net, image, precision)
            return Mask(grid: image.grid, voxels: p.map { Double($0) >= threshold ? 1 : 0 })
        },

        Builtin(
            "probability", "A network's probability for each voxel, on the volume's own grid.", theme: .training,
            Param<Model>("net", "the model"),
            Param<Volume>("image", "the volume"),
            Param<PrecisionName>("precision", "how values between layers are stored: bf16 takes half of the memory", default: .float32),
            returns: "a volume from 0 to 1",
            examples: [
                Example(
                    "p = probability(unet3d(filters=2, depth=1), phantom(seed=1, shape=8, spacing=20).image)\nmin(p) >= 0 and max(p) <= 1",
                    "true")
            ]
        ) { _, net, image, precision in Volume(grid: image.grid, voxels: try probabilities(net, image, precision)) },
    ]

    private static func probabilities(_ net: Model, _ image: Volume, _ precision: PrecisionName) throws -> [Float] {
        guard net.inputChannels == 1, net.outputChannels == 1 else {
            throw NetworkError.mismatch(
                layer: "predict",
                detail: "the model has \(net.inputChannels) input and \(net.outputChannels) output channels, a volume has 1")
        }
        return try net.predict(image.voxels, shape: image.grid.shape, precision: precision.precision)
    }
}
