import CBLAS
import CKernels
import Kernels
import Support

/// Matrix products of the sizes that the widest layers have, by the product kernels and by OpenBLAS (OPENBLAS_CORETYPE forces its choice).
private struct Products {
    let name: String
    /// Independent products: frequencies, or pieces of one product with the same weights.
    let count: Int
    let tiles, inputs, outputs: Int
    var sameWeights = false
    /// inputs × tiles × outputs instead of tiles × inputs × outputs.
    var gradient = false

    var flops: Double { 2 * Double(count * tiles) * Double(inputs * outputs) }
}

func timeProducts() {
    print("OpenBLAS for \(openblas_get_corename().map { String(cString: $0) } ?? "an unknown processor"); GFLOP/s")
    let cases =
        [60, 120, 240, 480].map { Products(name: "64 × \($0)×256×256", count: 64, tiles: $0, inputs: 256, outputs: 256) } + [
            Products(name: "64 × 256×480×256", count: 64, tiles: 480, inputs: 256, outputs: 256, gradient: true),
            Products(name: "64 × 256×60×256", count: 64, tiles: 60, inputs: 256, outputs: 256, gradient: true),
            Products(name: "65536×16×16", count: 128, tiles: 512, inputs: 16, outputs: 16, sameWeights: true),
            Products(name: "30720×64×64", count: 64, tiles: 480, inputs: 64, outputs: 64, sameWeights: true),
        ]
    let most = Parallel.threads
    for product in cases {
        print(product.name, terminator: "")
        let memory = Operands(product)
        for threads in [1, most] {
            Parallel.threads = threads
            let own = [12, 48, product.tiles].map { box in rate(product) { memory.own(box: box) } }
            openblas_set_num_threads(1)
            let calls = rate(product) { Parallel.forEach(product.count) { memory.library($0, count: 1) } }
            openblas_set_num_threads(Int32(threads))
            let inside = rate(product) {
                if product.sameWeights {
                    memory.library(0, count: product.count)
                } else {
                    for k in 0..<product.count { memory.library(k, count: 1) }
                }
            }
            print(
                " | \(threads) thread\(threads > 1 ? "s" : ""): own in boxes of 12, 48, all \(own.joined(separator: ", ")); sgemm one call a thread \(calls), threads inside \(inside)",
                terminator: "")
        }
        print()
    }
    Parallel.threads = most
}

private func rate(_ product: Products, _ body: () -> Void) -> String {
    body()
    var least = Double.infinity
    for _ in 0..<max(5, min(200, Int(2e10 / product.flops))) {
        let start = Clock.seconds
        body()
        least = min(least, Clock.seconds - start)
    }
    return Text.fixed(product.flops / least / 1e9, 1)
}

/// Operands, read as blocks of 16 channels by the kernels and as rows by the library: for the time it makes no difference what is in them.
private final class Operands: @unchecked Sendable {
    let product: Products
    let input, weights, output: UnsafeMutablePointer<Float>

    init(_ product: Products) {
        func filled(_ count: Int) -> UnsafeMutablePointer<Float> {
            let p = UnsafeMutableRawPointer.allocate(byteCount: count * 4, alignment: 64).bindMemory(to: Float.self, capacity: count)
            for i in 0..<count { p[i] = Float(i % 101) * 0.01 - 0.5 }
            return p
        }
        self.product = product
        input = filled(product.count * product.tiles * product.inputs)
        weights = filled((product.sameWeights ? 1 : product.count) * product.inputs * product.outputs)
        output = filled(product.count * product.tiles * product.outputs)
    }

    deinit { for p in [input, weights, output] { p.deallocate() } }

    private func operands(_ k: Int) -> (UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>, UnsafeMutablePointer<Float>) {
        let p = product
        return (
            input + k * p.tiles * p.inputs, weights + (p.sameWeights ? 0 : k * p.inputs * p.outputs), output + k * p.tiles * p.outputs
        )
    }

    func own(box: Int) {
        let p = product
        Parallel.forEach(p.count) { k in
            let (x, w, y) = operands(k)
            for first in stride(from: 0, to: p.tiles, by: box) {
                let tiles = Int64(min(box, p.tiles - first))
                for block in 0..<p.outputs / 16 {
                    let out = y + block * p.tiles * 16 + first * 16
                    if p.gradient {
                        var call = SKWeightProduct(
                            in: x + first * p.inputs, gradient: out, sum: w + block * p.inputs * 16, frequencies: 1,
                            blocks: Int64(p.inputs / 16), tiles: tiles, width: 16)
                        Kernels.table.weightProduct16(&call)
                    } else {
                        var call = SKProduct(
                            in: x + first * p.inputs, weights: w + block * p.inputs * 16, out: out, frequencies: 1,
                            blocks: Int64(p.inputs / 16), tiles: tiles, width: 16)
                        Kernels.table.product16(&call)
                    }
                }
            }
        }
    }

    func library(_ k: Int, count: Int) {
        let p = product
        let (x, w, y) = operands(k)
        let (tiles, inputs, outputs) = (Int32(p.tiles * count), Int32(p.inputs), Int32(p.outputs))
        if p.gradient {
            cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, inputs, outputs, tiles, 1, x, inputs, y, outputs, 0, w, outputs)
        } else {
            cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, tiles, outputs, inputs, 1, x, inputs, w, outputs, 0, y, outputs)
        }
    }
}
