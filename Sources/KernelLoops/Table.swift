import CKernels

/// The functions of this instruction set. May only be called on a processor that has it.
public func kernelTable() -> SKTable {
    SKTable(
        conv16: { convRow16($0) }, conv8: { convRow8($0) }, narrow: { narrowRow($0) }, weights16: { weightRows16($0) }, weights8: { weightRows8($0) },
        sums: { sums($0.pointee) }, affine: { affine($0.pointee) }, normGradientSums: { normGradientSums($0.pointee) },
        normGradient: { normGradient($0.pointee) }, relu: { relu($0.pointee) }, reluGradient: { reluGradient($0.pointee) },
        sigmoid: { sigmoid($0.pointee) }, sigmoidGradient: { sigmoidGradient($0.pointee) }, dropout: { dropout($0.pointee) },
        add: { add($0.pointee) }, linear: { linear($0.pointee) },
        pool: { pool($0.pointee) }, poolGradient: { poolGradient($0.pointee) },
        windowMax: { windowMax($0.pointee) }, windowMaxGradient: { windowMaxGradient($0.pointee) },
        windowMean: { windowMean($0.pointee) }, windowMeanGradient: { windowMeanGradient($0.pointee) },
        plus: { plus($0.pointee) }, product: { product($0.pointee) }, scaled: { scaled($0.pointee) }, filled: { filled($0.pointee) },
        gated: { gated($0.pointee) }, gateDots: { gateDots($0.pointee) }, productSums: { productSums($0.pointee) },
        depthwise: { depthwise($0) }, depthwiseWeights: { depthwiseWeights($0.pointee) },
        winograd2: SKWinograd(
            input: { winogradInput2($0) }, read: { winogradRead2($0) }, output: { winogradOutput2($0) },
            gradient: { winogradGradient2($0) }, kernel: { winogradKernel2($0) },
            kernelGradient: { winogradKernelGradient2($0) }),
        winograd4: SKWinograd(
            input: { winogradInput4($0) }, read: { winogradRead4($0) }, output: { winogradOutput4($0) },
            gradient: { winogradGradient4($0) }, kernel: { winogradKernel4($0) },
            kernelGradient: { winogradKernelGradient4($0) }),
        winogradUp: SKWinograd(
            input: { winogradInputUp($0) }, read: { winogradReadUp($0) }, output: { winogradOutputUp($0) },
            gradient: { winogradGradientUp($0) }, kernel: { winogradKernelUp($0) },
            kernelGradient: { winogradKernelGradientUp($0) }),
        winogradDown: SKWinograd(
            input: { winogradInputDown($0) }, read: { winogradReadDown($0) }, output: { winogradOutputDown($0) },
            gradient: { winogradGradientDown($0) }, kernel: { winogradKernelDown($0) },
            kernelGradient: { winogradKernelGradientDown($0) }),
        spread4: { spread4($0.pointee) }, singleTiles: { singleTiles($0.pointee) }, singleSums: { singleSums($0.pointee) },
        product16: { product16($0) }, product8: { product8($0) }, weightProduct16: { weightProduct16($0) },
        weightProduct8: { weightProduct8($0) }, loadLine: { loadLine($0.pointee) }, storeLine: { storeLine($0.pointee) },
        storeGradient: { storeGradient($0.pointee) },
        peak: { peak($0.pointee) })
}
