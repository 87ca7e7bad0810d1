import Runtime
import Imaging
import Testing

enum Words: String, CaseIterable, Convertible { case nearest, linear, cubic }

let sample = Builtin(
    "n4", "Remove.", theme: .intensity, details: "x",
    Param<Volume>("image", "the image"), Param<Mask?>("mask", "m", default: nil), Param<Words>("interpolation", "how", default: .linear),
    Param<Double>("fwhm", "w", default: 0.15), Param<[Int]>("iterations", "n", default: [50, 50]),
    returns: "x", examples: [Example("1", "1")]
) { context, image, mask, words, fwhm, iterations in
    let n = iterations.count
    return image
}
let other = Builtin("print", "Print.", theme: .language, Param<Rest<Value>>("values", "v"), Param<String>("sep", "s", default: " ")) { context, values, sep in
    context.write(values.items.map(\.text).joined(separator: sep) + "\n")
}
let third = Builtin("clock", "Print.", theme: .language) { context in 3.0 }
let fourth = Builtin("e", "Print.", theme: .language, Param<Either<Volume, Double>>("values", "v"), Param<Triple>("spacing", "s", default: 2)) { context, a, t -> Value in
    switch a { case .first(let v): return v.value
    case .second(let n): return n.value }
}
@Test func declared() {
    print(MemoryLayout<Value>.size, sample.signature, fourth.signature, other.signature)
}
