// Times the network core. `swift run -c release NetworkBench`, then one of
//   layers                                each 3×3×3 layer
//   layer IN OUT X Y Z TURNS              one of them: seconds forward, of the input's gradient and of the weights', for bench/unet/layers.py
//   unet FILTERS DEPTH X Y Z BATCH        a whole network, by kind of layer; DETAIL=1 shows each
//   serve FILTERS DEPTH X Y Z BATCH       steps on demand, for bench/unet/run.py
//   general                               layers of other kernels, strides, dilations and groups
//   passes                                layers that pass once or twice over memory: normalisations, activations, upsampling
//   peak                                  what the machine can do at most
import Glibc
import Kernels
import Networks

/// On a machine that others use too: PROCESSOR_TIME=1 counts the time that this process ran.
let processor = getenv("PROCESSOR_TIME") != nil

let arguments = Array(CommandLine.arguments.dropFirst())
let rest = Array(arguments.dropFirst())
if !["serve", "layer"].contains(arguments.first) { print("instruction set:", Kernels.instructionSet.rawValue) }
switch (arguments.first ?? "layers", rest.count) {
case ("layers", 0): try timeLayers()
case ("layer", 6):
    let n = rest.compactMap { Int($0) }
    guard n.count == 6, n.allSatisfy({ $0 > 0 }) else { fallthrough }
    let found = try timeLayer(n[0], n[1], SIMD3(n[2], n[3], n[4]), turns: n[5])
    print(found.forward, found.data, found.weights)
case ("general", 0): try general()
case ("passes", 0): try passes()
case ("peak", 0): timePeak()
case ("unet", 6), ("serve", 6):
    guard let network = try NetworkCase(rest) else { fallthrough }
    try arguments[0] == "unet" ? timeUnet(network) : serve(network)
default:
    print("usage: NetworkBench [layers | layer IN OUT X Y Z TURNS | general | passes | unet FILTERS DEPTH X Y Z BATCH | serve FILTERS DEPTH X Y Z BATCH | peak]")
    exit(2)
}
