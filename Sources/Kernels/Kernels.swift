import CKernels
import Glibc
import KernelsV2

#if arch(x86_64)
import KernelsV3
import KernelsBF16
import KernelsV4
#endif

/// Loops over raw memory, in the widest instruction set that the processor has. They check nothing: callers have checked every size.
/// The functions of one call run on one thread; the caller splits the work.
public enum Kernels {
    /// The instruction sets that the loops are compiled for.
    public enum InstructionSet: String, Sendable, CaseIterable {
        case baseline, avx2, avx512
    }

    /// What the processor can run, narrowest first.
    public static let available: [InstructionSet] = {
        #if arch(x86_64)
        switch sk_processor_level() {
        case 4: return [.baseline, .avx2, .avx512]
        case 3: return [.baseline, .avx2]
        default: return [.baseline]
        }
        #else
        return [.baseline]
        #endif
    }()

    /// The widest set available, unless the environment's SKULLSTRIP_ISA names a narrower one.
    public static let instructionSet: InstructionSet = {
        if let name = getenv("SKULLSTRIP_ISA").map({ String(cString: $0) }), let set = InstructionSet(rawValue: name),
            available.contains(set)
        {
            return set
        }
        return available[available.count - 1]
    }()

    /// The functions of one instruction set; nil where the processor lacks it.
    public static func table(_ set: InstructionSet) -> SKTable? {
        guard available.contains(set) else { return nil }
        #if arch(x86_64)
        switch set {
        case .baseline: return KernelsV2.kernelTable()
        case .avx2: return KernelsV3.kernelTable()
        case .avx512: return KernelsV4.kernelTable()
        }
        #else
        return KernelsV2.kernelTable()
        #endif
    }

    /// As `table`, for the layers besides convolutions.
    public static func layers(_ set: InstructionSet) -> SKLayerTable? {
        guard available.contains(set) else { return nil }
        #if arch(x86_64)
        switch set {
        case .baseline: return KernelsV2.layerTable()
        case .avx2: return KernelsV3.layerTable()
        case .avx512: return KernelsV4.layerTable()
        }
        #else
        return KernelsV2.layerTable()
        #endif
    }

    /// As `table`, for scalar images.
    public static func images(_ set: InstructionSet) -> SKImageTable? {
        guard available.contains(set) else { return nil }
        #if arch(x86_64)
        switch set {
        case .baseline: return KernelsV2.imageTable()
        case .avx2: return KernelsV3.imageTable()
        case .avx512: return KernelsV4.imageTable()
        }
        #else
        return KernelsV2.imageTable()
        #endif
    }

    /// As `table`, for losses and optimisers.
    public static func training(_ set: InstructionSet) -> SKTrainingTable? {
        guard available.contains(set) else { return nil }
        #if arch(x86_64)
        switch set {
        case .baseline: return KernelsV2.trainingTable()
        case .avx2: return KernelsV3.trainingTable()
        case .avx512: return KernelsV4.trainingTable()
        }
        #else
        return KernelsV2.trainingTable()
        #endif
    }

    /// As `table`, for masks.
    public static func masks(_ set: InstructionSet) -> SKMaskTable? {
        guard available.contains(set) else { return nil }
        #if arch(x86_64)
        switch set {
        case .baseline: return KernelsV2.maskTable()
        case .avx2: return KernelsV3.maskTable()
        case .avx512: return KernelsV4.maskTable()
        }
        #else
        return KernelsV2.maskTable()
        #endif
    }

    /// Convolutions of bfloat16 with sums in single precision.
    public struct Half {
        /// As `SKTable.conv16`, where a float of source and weights stands for two bfloat16.
        public let row: (UnsafePointer<SKConvRow>) -> Void
        /// Rounds floats to bfloat16; a multiple of 16 is written.
        public let convert: (UnsafePointer<Float>, UnsafeMutablePointer<Float>, Int) -> Void
    }

    /// Products of bfloat16, where the processor has them and the widest instruction set is in use.
    nonisolated(unsafe) public static let half: Half? = {
        #if arch(x86_64)
        if instructionSet == .avx512, sk_processor_bf16() != 0 { return Half(row: halfRow, convert: toHalf) }
        #endif
        return nil
    }()

    /// The functions in use.
    public static let table: SKTable = table(instructionSet) ?? KernelsV2.kernelTable()
    /// The functions in use for the layers besides convolutions.
    public static let layers: SKLayerTable = layers(instructionSet) ?? KernelsV2.layerTable()
    /// The functions in use for scalar images.
    public static let images: SKImageTable = images(instructionSet) ?? KernelsV2.imageTable()
    /// The functions in use for masks.
    public static let masks: SKMaskTable = masks(instructionSet) ?? KernelsV2.maskTable()
    /// The functions in use for losses and optimisers.
    public static let training: SKTrainingTable = training(instructionSet) ?? KernelsV2.trainingTable()
}
