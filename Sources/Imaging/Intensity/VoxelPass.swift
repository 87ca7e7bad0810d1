import CKernels
import Glibc
import Kernels

/// An expression made ready: takes voxels strip by strip through all steps while a strip is in the first-level cache. `Result` is what lies in memory, Float or UInt8.
///
/// The loops are those of `Kernels.images.voxelStep`, compiled for each instruction set; functions of the C library are called value by value.
struct VoxelPass<Result: BitwiseCopyable>: @unchecked Sendable {
    /// What is to be done, without references to count.
    private enum Action: BitwiseCopyable {
        case numbers(UnsafePointer<Float>)
        case truths(UnsafePointer<UInt8>)
        case number(Float)
        case loop(SKVoxelOperation)
        case function(VoxelFunction)
    }

    /// Bytes of a cache line.
    private static var line: Int { 64 }

    private let actions: [Action]
    private let depth: Int
    /// Holds the images whose voxels the actions read.
    private let kept: VoxelExpression

    private init(_ expression: VoxelExpression, last: [Action]) {
        kept = expression
        depth = expression.depth
        actions =
            expression.steps.map { step in
                switch step {
                case .volume(let v): .numbers(v.voxels.withUnsafeBufferPointer { $0.baseAddress.unsafelyUnwrapped })
                case .mask(let m): .truths(m.voxels.withUnsafeBufferPointer { $0.baseAddress.unsafelyUnwrapped })
                case .number(let x): .number(x)
                case .loop(let operation): .loop(operation)
                case .function(let function): .function(function)
                }
            } + last
    }

    /// Where all results lie in memory as they are wanted, their address: of an image alone.
    var stored: UnsafePointer<Result>? {
        guard actions.count == 1 else { return nil }
        return switch actions[0] {
        case .numbers(let p): UnsafeRawPointer(p).assumingMemoryBound(to: Result.self)
        case .truths(let p): UnsafeRawPointer(p).assumingMemoryBound(to: Result.self)
        default: nil
        }
    }

    /// Computes the voxels of a range; the first one's result comes to `out`. With `streams` the results go to memory past the caches: of an image that is larger than those,
    /// nothing would be left there for who reads it.
    func run(_ range: Range<Int>, to out: UnsafeMutablePointer<Result>, streams: Bool = false) {
        withExtendedLifetime(kept) {
            withUnsafeTemporaryAllocation(byteCount: depth * VoxelStrip.room, alignment: 64) { scratch in
                withUnsafeTemporaryAllocation(of: VoxelStrip.self, capacity: depth) { stack in
                    guard let memory = scratch.baseAddress, let stack = stack.baseAddress else { return }
                    var place = range.lowerBound
                    while place < range.upperBound {
                        let target = out + (place - range.lowerBound)
                        // Whole strips begin where a cache line does.
                        let missing = (Self.line - Int(bitPattern: target) % Self.line) % Self.line / MemoryLayout<Result>.stride
                        let n = min(missing > 0 ? missing : VoxelStrip.length, range.upperBound - place)
                        compute(place, n, to: target, streams: streams && missing == 0, memory, stack)
                        place += n
                    }
                    if streams { sk_stream_fence() }
                }
            }
        }
    }

    private func compute(
        _ place: Int, _ n: Int, to out: UnsafeMutablePointer<Result>, streams: Bool, _ memory: UnsafeMutableRawPointer,
        _ stack: UnsafeMutablePointer<VoxelStrip>
    ) {
        // Loops take whole vectors: of the last voxels of an image there is a copy, with zeros behind them.
        let whole = (n + 15) & ~15, isCut = whole != n
        var height = 0
        for i in actions.indices {
            // The last results go where they are wanted.
            let target = i == actions.count - 1 && !isCut ? VoxelStrip.Target(memory: UnsafeMutableRawPointer(out), streams: streams) : nil
            switch actions[i] {
            case .numbers(let p):
                stack[height] = VoxelStrip(level: height, in: memory)
                stack[height].read(p + place, isCut ? n : nil, whole)
                height += 1
            case .truths(let p):
                stack[height] = VoxelStrip(level: height, in: memory)
                stack[height].read(p + place, isCut ? n : nil, whole)
                height += 1
            case .number(let x):
                stack[height] = VoxelStrip(level: height, in: memory)
                stack[height].set(x)
                height += 1
            case .loop(let operation):
                if operation.operands == 2 {
                    height -= 1
                    stack[height - 1].apply(operation, stack + height, whole, to: target)
                } else {
                    stack[height - 1].apply(operation, nil, whole, to: target)
                }
            case .function(let function):
                if function.operands == 2 {
                    height -= 1
                    stack[height - 1].apply(function, stack + height, whole, to: target)
                } else {
                    stack[height - 1].apply(function, nil, whole, to: target)
                }
            }
        }
        if stack[0].values != UnsafeRawPointer(out) {
            UnsafeMutableRawPointer(out).copyMemory(from: stack[0].values, byteCount: n * MemoryLayout<Result>.stride)
        }
    }
}

extension VoxelPass<Float> {
    /// A mask's voxels become 0.0 and 1.0.
    init(numbers expression: VoxelExpression) { self.init(expression, last: expression.isMask ? [.loop(.widen)] : []) }
}

extension VoxelPass<UInt8> {
    /// The expression must be a mask's.
    init(truths expression: VoxelExpression) { self.init(expression, last: []) }
}

/// What of an expression's steps is no loop of vectors.
enum VoxelFunction: BitwiseCopyable { case exp, log, power, remainder }

extension VoxelFunction {
    var operands: Int {
        switch self {
        case .exp, .log: 1
        case .power, .remainder: 2
        }
    }
}

extension SKVoxelOperation {
    var operands: Int {
        switch self {
        case .square, .negate, .abs, .sqrt, .round, .floor, .ceil, .complement, .widen: 1
        default: 2
        }
    }

    /// Whether operands are truths, as bytes.
    var takesTruths: Bool {
        switch self {
        case .and, .or, .exclusiveOr, .complement, .widen: true
        default: false
        }
    }

    var givesTruths: Bool {
        switch self {
        case .less, .lessOrEqual, .greater, .greaterOrEqual, .equal, .notEqual, .and, .or, .exclusiveOr, .complement: true
        default: false
        }
    }
}

/// A strip on the stack of a pass: values of consecutive voxels, or one number for all of them, with memory of its level for what is computed.
struct VoxelStrip: BitwiseCopyable {
    /// Voxels of a strip: numbers and truths of a few levels stay in the first-level cache.
    static let length = 1024
    private static let vector = 16 * MemoryLayout<Float>.stride
    /// Bytes of a level: numbers, truths, and a vector of one number.
    static let room = length * MemoryLayout<Float>.stride + length + vector

    private enum Kind { case numbers, truths, number }

    /// Where a step's results are wanted.
    struct Target {
        var memory: UnsafeMutableRawPointer
        /// As `SKVoxelStep.streams`.
        var streams: Bool
    }

    private(set) var values: UnsafeRawPointer
    private var kind = Kind.numbers
    private let memory: UnsafeMutableRawPointer

    init(level: Int, in scratch: UnsafeMutableRawPointer) {
        memory = scratch + level * Self.room
        values = UnsafeRawPointer(memory)
    }

    private var numbers: UnsafeMutableRawPointer { memory }
    private var truths: UnsafeMutableRawPointer { memory + Self.length * MemoryLayout<Float>.stride }
    private var step: Int64 { kind == .number ? 0 : 1 }

    /// Takes an image's voxels where they lie; where only `n` of them belong to the image, a copy with zeros up to `whole`.
    mutating func read<T: BitwiseCopyable>(_ voxels: UnsafePointer<T>, _ n: Int?, _ whole: Int) {
        let isNumbers = MemoryLayout<T>.size == MemoryLayout<Float>.size
        kind = isNumbers ? .numbers : .truths
        values = UnsafeRawPointer(voxels)
        guard let n else { return }
        let copy = isNumbers ? numbers : truths, size = MemoryLayout<T>.stride
        copy.copyMemory(from: voxels, byteCount: n * size)
        memset(copy + n * size, 0, (whole - n) * size)
        values = UnsafeRawPointer(copy)
    }

    mutating func set(_ number: Float) {
        let place = memory + Self.room - Self.vector
        for i in 0..<16 { place.storeBytes(of: number, toByteOffset: 4 * i, as: Float.self) }
        (values, kind) = (UnsafeRawPointer(place), .number)
    }

    /// Truths in an operation of numbers count as 0 and 1.
    private mutating func widen(_ count: Int) {
        guard kind == .truths else { return }
        var call = SKVoxelStep(operation: .widen, a: values, aStep: 1, b: values, bStep: 1, out: numbers, count: Int64(count), streams: 0)
        Kernels.images.voxelStep(&call)
        (values, kind) = (UnsafeRawPointer(numbers), .numbers)
    }

    /// The strip becomes what an operation makes of it and of `other`, at `target` or in its own memory.
    mutating func apply(_ operation: SKVoxelOperation, _ other: UnsafeMutablePointer<VoxelStrip>?, _ count: Int, to target: Target?) {
        if !operation.takesTruths {
            widen(count)
            other?.pointee.widen(count)
        }
        let out = target?.memory ?? (operation.givesTruths ? truths : numbers)
        var call = SKVoxelStep(
            operation: operation, a: values, aStep: step, b: other?.pointee.values ?? values, bStep: other?.pointee.step ?? 1, out: out, count: Int64(count),
            streams: target?.streams ?? false ? 1 : 0)
        Kernels.images.voxelStep(&call)
        (values, kind) = (UnsafeRawPointer(out), operation.givesTruths ? .truths : .numbers)
    }

    /// The same for functions of the C library.
    mutating func apply(_ function: VoxelFunction, _ other: UnsafeMutablePointer<VoxelStrip>?, _ count: Int, to target: Target?) {
        widen(count)
        other?.pointee.widen(count)
        let x = values.assumingMemoryBound(to: Float.self), xStep = Int(step)
        let y = (other?.pointee.values ?? values).assumingMemoryBound(to: Float.self), yStep = Int(other?.pointee.step ?? 1)
        let out = (target?.memory ?? numbers).assumingMemoryBound(to: Float.self)
        @inline(__always) func each(_ f: (Float, Float) -> Float) {
            for i in 0..<count { out[i] = f(x[i &* xStep], y[i &* yStep]) }
        }
        switch function {
        case .exp: each { x, _ in expf(x) }
        case .log: each { x, _ in logf(x) }
        case .power: each(powf)
        case .remainder:
            each { x, y in
                let r = fmodf(x, y)
                return r != 0 && (r < 0) != (y < 0) ? r + y : r
            }
        }
        (values, kind) = (UnsafeRawPointer(out), .numbers)
    }
}
