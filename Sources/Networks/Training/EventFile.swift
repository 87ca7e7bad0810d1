import Glibc
import Support

/// Scalars for TensorBoard: a file of TFRecords, each an `Event` message of tensorflow/core/util/event.proto.
///
/// A record is its length (8 bytes, little-endian), the masked CRC-32C of those, the message, and its masked CRC-32C. A program that is killed leaves at most
/// one record cut short, at which readers stop.
public final class EventFile {
    /// The file, in the folder that was asked for.
    public let path: String
    private var descriptor: Int32

    /// Begins a file of its own in a folder, which is made if it is missing. `from`, the step from which a resumed training goes on, tells readers to forget what
    /// earlier files of the folder say of it and later ones. Throws `FileError`.
    public init(folder: String, time: Double = EventFile.now, from step: Int? = nil) throws {
        try FileSystem.makeFolder(folder)
        var host = [CChar](repeating: 0, count: 256)
        gethostname(&host, 255)
        let name = String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        path = "\(folder)/events.out.tfevents.\(Int(time)).\(name.isEmpty ? "localhost" : name).\(getpid())"
        descriptor = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o644)
        guard descriptor >= 0 else { throw FileError.cannotWrite(path: path, reason: String(cString: strerror(errno))) }
        try add(Message.event(time: time, step: 0) { $0.text(3, "brain.Event:2") })
        if let step {
            // SessionLog with status START.
            try add(Message.event(time: time, step: step) { $0.message(7) { $0.number(1, 1) } })
        }
    }

    deinit { close(descriptor) }

    /// Seconds since 1970.
    public static var now: Double {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }

    /// Numbers of a step, each under a tag such as "valid/dice". Throws `FileError`.
    public func add(_ scalars: [(tag: String, value: Double)], step: Int, time: Double = EventFile.now) throws {
        try add(
            Message.event(time: time, step: step) { event in
                event.message(5) { summary in
                    for scalar in scalars {
                        summary.message(1) {
                            $0.text(1, scalar.tag)
                            $0.float(2, Float(scalar.value))
                        }
                    }
                }
            })
    }

    private func add(_ message: [UInt8]) throws {
        let record = Self.record(message)
        var done = 0
        while done < record.count {
            let n = record.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + done, record.count - done) }
            if n < 0, errno == EINTR { continue }
            if n < 0 { throw FileError.cannotWrite(path: path, reason: String(cString: strerror(errno))) }
            done += n
        }
    }

    static func record(_ message: [UInt8]) -> [UInt8] {
        func littleEndian<T: FixedWidthInteger>(_ n: T) -> [UInt8] { withUnsafeBytes(of: n.littleEndian) { Array($0) } }
        func masked(_ bytes: [UInt8]) -> [UInt8] {
            let crc = CRC32C.checksum(bytes)
            return littleEndian((crc >> 15 | crc << 17) &+ 0xA282_EAD8)
        }
        let length = littleEndian(UInt64(message.count))
        return length + masked(length) + message + masked(message)
    }

    /// What of protocol buffers an event takes: varints, fixed numbers, and what has a length.
    struct Message {
        private var bytes: [UInt8] = []

        static func event(time: Double, step: Int, _ fill: (inout Message) -> Void) -> [UInt8] {
            var event = Message()
            event.double(1, time)
            if step != 0 { event.number(2, UInt64(step)) }
            fill(&event)
            return event.bytes
        }

        private mutating func varint(_ n: UInt64) {
            var n = n
            while n >= 128 {
                bytes.append(UInt8(n & 127) | 128)
                n >>= 7
            }
            bytes.append(UInt8(n))
        }
        private mutating func fixed<T: FixedWidthInteger>(_ field: UInt64, _ wire: UInt64, _ bits: T) {
            varint(field << 3 | wire)
            withUnsafeBytes(of: bits.littleEndian) { bytes += $0 }
        }
        private mutating func long(_ field: UInt64, _ content: [UInt8]) {
            varint(field << 3 | 2)
            varint(UInt64(content.count))
            bytes += content
        }

        mutating func number(_ field: UInt64, _ n: UInt64) {
            varint(field << 3)
            varint(n)
        }
        mutating func double(_ field: UInt64, _ x: Double) { fixed(field, 1, x.bitPattern) }
        mutating func float(_ field: UInt64, _ x: Float) { fixed(field, 5, x.bitPattern) }
        mutating func text(_ field: UInt64, _ text: String) { long(field, Array(text.utf8)) }
        mutating func message(_ field: UInt64, _ fill: (inout Message) -> Void) {
            var inner = Message()
            fill(&inner)
            long(field, inner.bytes)
        }
    }
}
