import CKernels

/// The functions of this instruction set for the layers besides convolutions. May only be called on a processor that has it.
public func layerTable() -> SKLayerTable {
    SKLayerTable(
        leakyRelu: { leakyRelu($0.pointee) }, leakyReluGradient: { leakyReluGradient($0.pointee) }, elu: { elu($0.pointee) },
        eluGradient: { eluGradient($0.pointee) }, gelu: { gelu($0.pointee) }, geluGradient: { geluGradient($0.pointee) },
        silu: { silu($0.pointee) }, siluGradient: { siluGradient($0.pointee) }, sampleAffine: { sampleAffine($0.pointee) },
        sampleNormGradient: { sampleNormGradient($0.pointee) },
        softmax: { $0.pointee.blocks == 1 ? softmaxWithin($0.pointee) : softmaxAcross($0.pointee) },
        softmaxGradient: { softmaxGradient($0.pointee) }, blend: { blend($0.pointee) }, resample: { resample($0.pointee) })
}
