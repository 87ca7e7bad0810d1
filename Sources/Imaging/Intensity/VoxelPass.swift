import CKernels
import Glibc
import Kernels

/// An expression made ready: takes voxels strip by strip through all steps while a strip is in the first-level cache. `Result` is what lies in memory, Float or UInt8.
///
/// The loops are those of `Kernels.images.voxelStep`, compiled for each instruction set; functions of the C library are called value by value.
struct VoxelPass<Result: BitwiseCopyable>: @unchecked Sendable {
    /// What is to be done, without references to count.
    private enum Action: BitwiseCopyable {
        case image(VoxelMemory)
        case number(Float)
        case operation(VoxelOperation)
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
                case .volume(let v): .image(VoxelMemory(v.voxels))
                case .mask(let m): .image(VoxelMemory(m.voxels))
                case .number(let x): .number(x)
                case .operation(let operation): .operation(operation)
                }
            } + last
    }

    /// Where all results lie in memory as they are wanted, their address: of an image alone.
    var stored: UnsafePointer<Result>? {
        guard actions.count == 1, case .image(let image) = actions[0] else { return nil }
        return image.start.assumingMemoryBound(to: Result.self)
    }

    /// Computes the voxels of a range; the first one's result comes to `out`. With `streams` the results go to memory past the caches: of an image that is larger than those,
    /// nothing would be left there for who reads it.
    func run(_ range: Range<Int>, to out: UnsafeMutablePointer<Result>, streams: Bool = false) {
        withStack { memory, stack in
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

    /// Hands out the results of a range, their place, and how many there are: all at once where they lie in memory already, or else each strip while it is in the first-level cache.
    func forEachStrip(of range: Range<Int>, _ body: (UnsafePointer<Result>, _ place: Int, Int) -> Void) {
        if let stored { return withExtendedLifetime(kept) { body(stored + range.lowerBound, range.lowerBound, range.count) } }
        withStack { memory, stack in
            withUnsafeTemporaryAllocation(byteCount: VoxelStrip.length * MemoryLayout<Result>.stride, alignment: Self.line) { results in
                guard let results = results.baseAddress?.assumingMemoryBound(to: Result.self) else { return }
                for place in stride(from: range.lowerBound, to: range.upperBound, by: VoxelStrip.length) {
                    let n = min(VoxelStrip.length, range.upperBound - place)
                    compute(place, n, to: results, streams: false, memory, stack)
                    body(results, place, n)
                }
            }
        }
    }

    private func withStack(_ body: (UnsafeMutableRawPointer, UnsafeMutablePointer<VoxelStrip>) -> Void) {
        withExtendedLifetime(kept) {
            withUnsafeTemporaryAllocation(byteCount: depth * VoxelStrip.room, alignment: Self.line) { scratch in
                withUnsafeTemporaryAllocation(of: VoxelStrip.self, capacity: depth) { stack in
                    if let memory = scratch.baseAddress, let stack = stack.baseAddress { body(memory, stack) }
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
            switch actions[i] {
            case .image(let image):
                stack[height] = VoxelStrip(level: height, in: memory)
                stack[height].read(image, place, isCut ? n : nil, whole)
                height += 1
            case .number(let x):
                stack[height] = VoxelStrip(level: height, in: memory)
                stack[height].set(x)
                height += 1
            case .operation(let operation):
                // The last results go where they are wanted.
                let target = i == actions.count - 1 && !isCut ? VoxelStrip.Target(memory: UnsafeMutableRawPointer(out), streams: streams) : nil
                if operation.operands == 2 { height -= 1 }
                stack[height - 1].apply(operation, operation.operands == 2 ? stack + height : nil, whole, to: target)
            }
        }
        if stack[0].values != UnsafeRawPointer(out) {
            UnsafeMutableRawPointer(out).copyMemory(from: stack[0].values, byteCount: n * MemoryLayout<Result>.stride)
        }
    }
}

extension VoxelPass<Float> {
    /// A mask's voxels become 0.0 and 1.0.
    init(numbers expression: VoxelExpression) { self.init(expression, last: expression.isMask ? [.operation(.loop(.widen))] : []) }
}

extension VoxelPass<UInt8> {
    /// The expression must be a mask's.
    init(truths expression: VoxelExpression) { self.init(expression, last: []) }
}

/// Voxels of an image where they lie in memory.
struct VoxelMemory: BitwiseCopyable {
    let start: UnsafeRawPointer
    let isNumbers: Bool

    /// The caller keeps the array.
    init(_ numbers: [Float]) { (start, isNumbers) = (numbers.withUnsafeBytes { $0.baseAddress.unsafelyUnwrapped }, true) }
    init(_ truths: [UInt8]) { (start, isNumbers) = (truths.withUnsafeBytes { $0.baseAddress.unsafelyUnwrapped }, false) }
    private init(start: UnsafeRawPointer, isNumbers: Bool) { (self.start, self.isNumbers) = (start, isNumbers) }

    /// Bytes of a voxel.
    var size: Int { isNumbers ? MemoryLayout<Float>.stride : 1 }

    func advanced(by voxels: Int) -> VoxelMemory { VoxelMemory(start: start + voxels * size, isNumbers: isNumbers) }
}

/// What a step of an expression does to the strips on top of the stack.
enum VoxelOperation: BitwiseCopyable {
    case loop(SKVoxelOperation)
    case function(VoxelFunction)

    var operands: Int {
        switch self {
        case .loop(let operation): operation.operands
        case .function(let function): function.operands
        }
    }
}

/// What is no loop of vectors.
enum VoxelFunction: BitwiseCopyable {
    case exp, log, power, remainder

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
    static let length = 512
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

    /// Takes an image's voxels from `place` on where they lie; where only `n` of them belong to the image, a copy with zeros up to `whole`.
    mutating func read(_ image: VoxelMemory, _ place: Int, _ n: Int?, _ whole: Int) {
        kind = image.isNumbers ? .numbers : .truths
        values = image.advanced(by: place).start
        guard let n else { return }
        let copy = image.isNumbers ? numbers : truths
        copy.copyMemory(from: values, byteCount: n * image.size)
        memset(copy + n * image.size, 0, (whole - n) * image.size)
        values = UnsafeRawPointer(copy)
    }

    mutating func set(_ number: Float) {
        let place = memory + Self.room - Self.vector
        for i in 0..<16 { place.storeBytes(of: number, toByteOffset: 4 * i, as: Float.self) }
        (values, kind) = (UnsafeRawPointer(place), .number)
    }

    /// Truths in an operation of numbers count as 0 and 1.
    private mutating func widen(_ count: Int) {
        if kind == .truths { apply(.widen, nil, count, to: nil) }
    }

    /// The strip becomes what an operation makes of it and of `other`, at `target` or in its own memory.
    mutating func apply(_ operation: VoxelOperation, _ other: UnsafeMutablePointer<VoxelStrip>?, _ count: Int, to target: Target?) {
        switch operation {
        case .loop(let operation):
            if !operation.takesTruths {
                widen(count)
                other?.pointee.widen(count)
            }
            apply(operation, other, count, to: target)
        case .function(let function):
            widen(count)
            other?.pointee.widen(count)
            apply(function, other, count, to: target)
        }
    }

    private mutating func apply(_ operation: SKVoxelOperation, _ other: UnsafeMutablePointer<VoxelStrip>?, _ count: Int, to target: Target?) {
        let out = target?.memory ?? (operation.givesTruths ? truths : numbers)
        var call = SKVoxelStep(
            operation: operation, a: values, aStep: step, b: other?.pointee.values ?? values, bStep: other?.pointee.step ?? 1, out: out, count: Int64(count),
            streams: target?.streams ?? false ? 1 : 0)
        Kernels.images.voxelStep(&call)
        (values, kind) = (UnsafeRawPointer(out), operation.givesTruths ? .truths : .numbers)
    }

    private mutating func apply(_ function: VoxelFunction, _ other: UnsafeMutablePointer<VoxelStrip>?, _ count: Int, to target: Target?) {
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
