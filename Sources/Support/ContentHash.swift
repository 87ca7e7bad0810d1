/// A hash of 128 bits that tells contents apart: for keys of caches and for damage, not against anyone who makes two contents of one hash
/// on purpose.
///
/// Two lanes of 64 bits; each takes a word, multiplies and folds the upper half of the product into the lower, so that every bit of the
/// input reaches every bit of the state. The same on every machine of one byte order, which is little-endian here.
public struct ContentHash: Sendable {
    private var a: UInt64 = 0x243F_6A88_85A3_08D3
    private var b: UInt64 = 0x1319_8A2E_0370_7344

    /// The hash of nothing yet.
    public init() {}

    @inline(__always)
    private static func fold(_ x: UInt64, _ y: UInt64) -> UInt64 {
        let (high, low) = x.multipliedFullWidth(by: y)
        return high ^ low
    }

    @inline(__always)
    private mutating func take(_ x: UInt64, _ y: UInt64) {
        a = Self.fold(a ^ x, 0x9E37_79B9_7F4A_7C15) ^ (y &+ b)
        b = Self.fold(b ^ y, 0xC2B2_AE3D_27D4_EB4F) ^ ((a << 23) | (a >> 41))
    }

    /// Adds bytes, with their number, so that contents one after another cannot be mistaken for one.
    public mutating func add(_ bytes: UnsafeRawBufferPointer) {
        var i = 0
        while i + 16 <= bytes.count {
            take(bytes.loadUnaligned(fromByteOffset: i, as: UInt64.self), bytes.loadUnaligned(fromByteOffset: i + 8, as: UInt64.self))
            i += 16
        }
        var rest = SIMD2<UInt64>.zero
        withUnsafeMutableBytes(of: &rest) { to in
            if i < bytes.count { to.copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[i...])) }
        }
        take(rest.x, rest.y)
        take(UInt64(bytes.count), 0x5851_F42D_4C95_7F2D)
    }

    /// Takes in the bytes of all values, and how many bytes they are.
    public mutating func add<T: BitwiseCopyable>(_ values: [T]) { values.withUnsafeBytes { add($0) } }

    /// Takes in the text's UTF-8.
    public mutating func add(_ text: String) { add(Array(text.utf8)) }

    /// Takes in one word.
    public mutating func add(_ number: UInt64) { take(number, 0xD6E8_FEB8_6659_FD93) }

    /// The hash of what was added so far.
    public var words: SIMD2<UInt64> {
        var copy = self
        for n in 0..<4 { copy.take(UInt64(n), 0xA076_1D64_78BD_642F) }
        return [copy.a, copy.b]
    }

    /// As 32 hexadecimal digits.
    public var text: String {
        let words = words
        return [words.x, words.y].map { word in
            let digits = String(word, radix: 16)
            return String(repeating: "0", count: 16 - digits.count) + digits
        }.joined()
    }
}
