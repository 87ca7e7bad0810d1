// Times the network core. `swift run -c release NetworkBench`, then one of
//   layers [THREADS]                      each 3×3×3 layer
//   unet FILTERS DEPTH X Y Z BATCH        a whole network, by kind of layer; DETAIL=1 shows each
//   serve FILTERS DEPTH X Y Z BATCH       steps on demand, for bench/unet/run.py
//   general                               layers of other kernels, strides, dilations and groups
//   passes                                layers that pass once or twice over memory: normalisations, activations, upsampling
//   products                              matrix products of the engine's kernels and of OpenBLAS
//   peak                                  what the machine can do at most
import Glibc
import Kernels
import Networks

/// On a machine that others use too: PROCESSOR_TIME=1 counts the time that this process ran.
let processor = getenv("PROCESSOR_TIME") != nil

let arguments = Array(CommandLine.arguments.dropFirst())
let rest = Array(arguments.dropFirst())
if arguments.first != "serve", rest.count != 1 { print("instruction set:", Kernels.instructionSet.rawValue) }
switch (arguments.first ?? "layers", rest.count) {
case ("layers", 0): try timeLayers(threads: nil)
case ("layers", 1) where Int(rest[0]).map { $0 > 0 } ?? false: try timeLayers(threads: Int(rest[0]))
case ("layers", 2) where Int(rest[0]).map { $0 > 0 } ?? false: try timeLayers(threads: Int(rest[0]), channels: Int(rest[1]))
case ("general", 0): try general()
case ("passes", 0): try passes()
case ("peak", 0): timePeak()
case ("products", 0): timeProducts()
case ("unet", 6), ("serve", 6):
    guard let network = try NetworkCase(rest) else { fallthrough }
    try arguments[0] == "unet" ? timeUnet(network) : serve(network)
default:
    print("usage: NetworkBench [layers [THREADS] | general | passes | unet FILTERS DEPTH X Y Z BATCH | serve FILTERS DEPTH X Y Z BATCH | products | peak]")
    exit(2)
}
