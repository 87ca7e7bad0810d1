import CKernels

/// The functions of this instruction set. May only be called on a processor that has it.
public func kernelTable() -> SKTable {
    SKTable(
        conv16: { convRow16($0) }, conv8: { convRow8($0) }, weights16: { weightRows16($0) }, weights8: { weightRows8($0) },
        sums: { sums($0.pointee) }, affine: { affine($0.pointee) }, normGradientSums: { normGradientSums($0.pointee) },
        normGradient: { normGradient($0.pointee) }, relu: { relu($0.pointee) }, reluGradient: { reluGradient($0.pointee) },
        sigmoid: { sigmoid($0.pointee) }, sigmoidGradient: { sigmoidGradient($0.pointee) }, dropout: { dropout($0.pointee) },
        add: { add($0.pointee) }, linear: { linear($0.pointee) }, overlap: { overlap($0.pointee) }, adam: { adam($0.pointee) },
        pool: { pool($0.pointee) }, poolGradient: { poolGradient($0.pointee) },
        winograd2: SKWinograd(
            input: { winogradInput2($0) }, output: { winogradOutput2($0) }, gradient: { winogradGradient2($0) },
            kernel: { winogradKernel2($0) }, kernelGradient: { winogradKernelGradient2($0) }),
        winograd4: SKWinograd(
            input: { winogradInput4($0) }, output: { winogradOutput4($0) }, gradient: { winogradGradient4($0) },
            kernel: { winogradKernel4($0) }, kernelGradient: { winogradKernelGradient4($0) }),
        product16: { product16($0) }, product8: { product8($0) }, weightProduct16: { weightProduct16($0) },
        weightProduct8: { weightProduct8($0) }, loadLine: { loadLine($0.pointee) }, storeLine: { storeLine($0.pointee) },
        peak: { peak($0.pointee) })
}
