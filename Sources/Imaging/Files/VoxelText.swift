import Support

/// Voxels that are written out as text, as NRRD has them in two ways: decimal numbers between white space, or the bytes of memory as
/// hexadecimal digits.
struct VoxelText {
    private let path: String
    private let type: StoredType
    private let count: Int
    private let text: UnsafeRawBufferPointer
    private let file: MappedFile

    /// The text begins at a byte of `file`. Throws `ImageError.impossibleSize` where the header asks for more than a file of this size can
    /// hold.
    init(_ header: ImageHeader, _ file: MappedFile, from start: Int) throws {
        path = file.path
        type = header.type
        self.file = file
        text = UnsafeRawBufferPointer(rebasing: file.bytes[min(max(0, start), file.bytes.count)...])
        let (count, overflow) = header.file.grid.count.multipliedReportingOverflow(by: header.frames)
        // A digit and a space for a number, or two digits for a byte: no number takes fewer than two bytes but the last.
        guard !overflow, count <= (text.count + 1) / 2 else {
            throw ImageError.impossibleSize(
                path: path, shape: header.dimensions, needed: overflow ? .max : 2 * count - 1, most: text.count)
        }
        self.count = count
    }

    /// The numbers as a raw file has them: little-endian where they were decimal, as they stand where hexadecimal.
    /// Throws `ImageError.field` for what is no number of the type, or for too few, and `Interrupted`.
    func bytes(hexadecimal: Bool) throws -> MappedFile {
        try Memory.check(count * type.size, for: "the voxels of \"\(path)\"")
        var failure: (any Error)?
        let made = MappedFile(named: path, count: count * type.size) { out in
            do {
                try hexadecimal ? readDigits(into: out) : readNumbers(into: out)
            } catch {
                failure = error
            }
            return failure == nil
        }
        if let failure { throw failure }
        if !file.isIntact { throw FileError.cannotRead(path: path, reason: "it was shortened by another program while it was read") }
        return made ?? file
    }

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 32 || (9...13).contains(byte) }

    private func readDigits(into out: UnsafeMutableRawBufferPointer) throws {
        var done = 0
        for (place, byte) in text.enumerated() where !Self.isSpace(byte) {
            if place & 0xF_FFFF == 0 { try Interrupt.check() }
            if done == 2 * out.count { return }
            let digit: UInt8
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
            case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
            default:
                throw ImageError.field(
                    path: path, field: "digit \(done) of the voxels", value: Text.quoted(String(decoding: [byte], as: UTF8.self)),
                    allowed: "0 … 9 or a … f")
            }
            out[done / 2] = done % 2 == 0 ? digit << 4 : out[done / 2] | digit
            done += 1
        }
        if done < 2 * out.count { throw few("\(done) hexadecimal digits", of: 2 * out.count) }
    }

    private func readNumbers(into out: UnsafeMutableRawBufferPointer) throws {
        switch type {
        case .uint8: try read(into: out, integer(UInt8.self))
        case .int8: try read(into: out, integer(Int8.self))
        case .int16: try read(into: out, integer(Int16.self))
        case .uint16: try read(into: out, integer(UInt16.self))
        case .int32: try read(into: out, integer(Int32.self))
        case .uint32: try read(into: out, integer(UInt32.self))
        case .int64: try read(into: out, integer(Int64.self))
        case .uint64: try read(into: out, integer(UInt64.self))
        case .float64: try read(into: out) { Double(String(decoding: $0, as: UTF8.self))?.bitPattern }
        default: try read(into: out) { Float(String(decoding: $0, as: UTF8.self))?.bitPattern }
        }
    }

    private func integer<T: FixedWidthInteger>(_ type: T.Type) -> (Slice<UnsafeRawBufferPointer>) -> T? {
        { word in
            let isNegative = word.first == UInt8(ascii: "-"), hasSign = isNegative || word.first == UInt8(ascii: "+")
            var x: T = 0
            for byte in word.dropFirst(hasSign ? 1 : 0) {
                guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9"), let digit = T(exactly: byte - UInt8(ascii: "0")) else {
                    return nil
                }
                let (tens, overflow1) = x.multipliedReportingOverflow(by: 10)
                let (sum, overflow2) = isNegative ? tens.subtractingReportingOverflow(digit) : tens.addingReportingOverflow(digit)
                if overflow1 || overflow2 { return nil }
                x = sum
            }
            return word.count > (hasSign ? 1 : 0) ? x : nil
        }
    }

    private func read<T: FixedWidthInteger>(
        into out: UnsafeMutableRawBufferPointer, _ number: (Slice<UnsafeRawBufferPointer>) -> T?
    ) throws {
        let out = out.bindMemory(to: T.self)
        var place = 0
        for i in 0..<count {
            if i & 0xFFFF == 0 { try Interrupt.check() }
            while place < text.count, Self.isSpace(text[place]) { place += 1 }
            if place == text.count { throw few("\(Text.grouped(i)) numbers", of: count) }
            let start = place
            while place < text.count, !Self.isSpace(text[place]) { place += 1 }
            guard let x = number(text[start..<place]) else {
                let word = String(decoding: text[start..<min(place, start + 40)], as: UTF8.self)
                throw ImageError.field(
                    path: path, field: "voxel \(i)", value: Text.quoted(word), allowed: "a number of the type \(type.name)")
            }
            out[i] = x.littleEndian
        }
    }

    private func few(_ found: String, of needed: Int) -> ImageError {
        .field(path: path, field: "the end of the voxels", value: "after \(found)", allowed: "after \(Text.grouped(needed))")
    }
}
