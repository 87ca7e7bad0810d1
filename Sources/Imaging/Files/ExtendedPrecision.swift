/// The numbers of 16 bytes that programs on x86 processors write as `long double`, which is what NIfTI's float128 and complex256 are called
/// in its own header file: the processor's 80 bits, and 6 bytes of no meaning. They are told from IEEE's binary128 by their values.
enum ExtendedPrecision {
    /// Exponents of numbers that double precision has, with the bias that both formats share; others are taken for another format's bits.
    private static let plausible = (16383 - 1074)...(16383 + 1023)
    private static let infinite = 0x7FFF

    /// Rewrites little-endian numbers of 80 bits as binary128, which holds each of them exactly, if that is what they are.
    static func toQuadruple(_ bytes: inout [UInt8]) {
        bytes.withUnsafeMutableBytes { bytes in
            let words = bytes.bindMemory(to: (UInt64, UInt64).self)
            guard words.contains(where: { !isPlausibleQuadruple(low: $0.0, high: $0.1) }),
                words.allSatisfy({ isPlausible(fraction: $0.0, rest: $0.1) })
            else { return }
            for i in words.indices {
                let (fraction, sign) = (words[i].0, words[i].1 >> 15 & 1), exponent = words[i].1 & 0x7FFF
                // The first bit of 64 is the whole one, which binary128 leaves out; 63 of 112 bits remain.
                let digits = fraction << 1
                words[i] = (digits << 48, sign << 63 | exponent << 48 | digits >> 16)
            }
        }
    }

    private static func isPlausible(fraction: UInt64, rest: UInt64) -> Bool {
        let exponent = Int(rest & 0x7FFF)
        if fraction == 0 { return exponent == 0 }
        return fraction >> 63 == 1 && (plausible.contains(exponent) || exponent == infinite)
    }

    private static func isPlausibleQuadruple(low: UInt64, high: UInt64) -> Bool {
        let exponent = Int(high >> 48 & 0x7FFF)
        if low == 0, high << 1 == 0 { return true }
        return plausible.contains(exponent) || exponent == infinite
    }
}
