// swift-tools-version: 6.0
import PackageDescription

// The loops in Kernels are compiled optimised in every configuration: a debug build that trains at a
// hundredth of the speed helps nobody. `-Ounchecked` is kept to that one folder, where every size has been
// checked by the caller.
func kernelSettings(_ level: String, more: [String] = []) -> [SwiftSetting] {
    var flags = ["-Ounchecked"]
    #if arch(x86_64)
    flags += (["-march=\(level)"] + more).flatMap { ["-Xcc", $0] }
    #endif
    return [.unsafeFlags(flags), .define("KERNEL_" + level.replacing("-", "_"))]
}

extension String {
    func replacing(_ old: Character, _ new: Character) -> String { String(map { $0 == old ? new : $0 }) }
}

#if arch(x86_64)
let kernelVariants: [Target.Dependency] = ["KernelsV2", "KernelsV3", "KernelsV4", "KernelsBF16"]
#else
let kernelVariants: [Target.Dependency] = ["KernelsV2"]
#endif

let optimised: [SwiftSetting] = [.unsafeFlags(["-O"])]

// The program carries Swift's own libraries, so that it starts in three quarters of the time and runs where no Swift is installed. A toolchain
// without its static libraries builds with SKULLSTRIP_DYNAMIC=1. The last two are what the argument parser's Foundation is made of.
let standalone: [LinkerSetting] =
    Context.environment["SKULLSTRIP_DYNAMIC"] == nil
    ? [.unsafeFlags(["-static-stdlib", "-l_FoundationCShims", "-l_FoundationCollections"], .when(platforms: [.linux]))] : []

let package = Package(
    name: "skullstrip",
    products: [
        .executable(name: "skullstrip", targets: ["skullstrip"]),
        .library(name: "Imaging", targets: ["Imaging"]),
        .library(name: "Networks", targets: ["Networks"]),
        .library(name: "Segmentation", targets: ["Segmentation"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.5.0"),
        .package(url: "https://github.com/apple/swift-collections", from: "1.1.0"),
    ],
    targets: [
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CDeflate", pkgConfig: "libdeflate", providers: [.apt(["libdeflate-dev"])]),
        .systemLibrary(name: "CBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
        .systemLibrary(name: "CCairo", pkgConfig: "cairo", providers: [.apt(["libcairo2-dev"])]),

        .target(name: "Support"),
        .target(name: "Imaging", dependencies: ["Support", "Kernels", "CKernels", "CZlib", "CDeflate"], swiftSettings: optimised),
        // One folder of loops, compiled once for each instruction set; Kernels picks by what the processor has.
        .target(name: "CKernels"),
        .target(name: "KernelsV2", dependencies: ["CKernels"], swiftSettings: kernelSettings("x86-64-v2")),
        .target(name: "KernelsV3", dependencies: ["CKernels"], swiftSettings: kernelSettings("x86-64-v3")),
        .target(name: "KernelsV4", dependencies: ["CKernels"], swiftSettings: kernelSettings("x86-64-v4")),
        // Products of bfloat16, for processors that have them.
        .target(name: "KernelsBF16", dependencies: ["CKernels"], swiftSettings: kernelSettings("x86-64-v4", more: ["-mavx512bf16"])),
        .target(name: "Kernels", dependencies: ["CKernels"] + kernelVariants, swiftSettings: optimised),
        .target(name: "Networks", dependencies: ["Support", "Kernels", "CKernels"], swiftSettings: optimised),
        // What needs both: from a raw image through a network to a mask.
        .target(name: "Segmentation", dependencies: ["Support", "Imaging", "Networks"], swiftSettings: optimised),
        .target(name: "Figures", dependencies: ["Support", "Imaging", "CCairo"], swiftSettings: optimised),
        .target(name: "Syntax"),
        .target(
            name: "Runtime",
            dependencies: [
                "Support", "Syntax", "Imaging", "Networks", "Figures",
                .product(name: "OrderedCollections", package: "swift-collections"),
            ]),
        .target(
            name: "Stdlib", path: "stdlib", exclude: ["README.md"], sources: ["Stdlib.swift"],
            resources: ["numbers.ss", "pipeline.ss", "unet3d.ss", "attention.ss"].map { .embedInCode($0) }),
        .target(name: "Builtins", dependencies: ["Runtime", "Imaging", "Networks", "Segmentation", "Figures", "Stdlib"]),
        .executableTarget(
            name: "skullstrip",
            dependencies: [
                "Builtins", "Segmentation", "Stdlib", "Runtime", "Syntax", "Kernels", "CZlib", "CDeflate", "CCairo",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ], linkerSettings: standalone),

        .executableTarget(
            name: "NetworkBench", dependencies: ["Networks", "Kernels", "CKernels", "Support", "CBLAS"], path: "bench/NetworkBench", swiftSettings: optimised),

        .testTarget(name: "SyntaxTests", dependencies: ["Syntax"]),
        .testTarget(name: "ImagingTests", dependencies: ["Imaging", "Kernels", "CKernels", "Support"]),
        .testTarget(name: "NetworksTests", dependencies: ["Networks", "Kernels", "CKernels", "Support"]),
        .testTarget(name: "SegmentationTests", dependencies: ["Segmentation", "Imaging", "Networks", "Support"]),
        .testTarget(name: "FiguresTests", dependencies: ["Figures"]),
        .testTarget(name: "RuntimeTests", dependencies: ["Runtime"]),
        .testTarget(name: "BuiltinsTests", dependencies: ["Builtins"]),
    ]
)
