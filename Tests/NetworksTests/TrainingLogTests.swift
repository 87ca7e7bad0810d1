import Glibc
import Networks
import Support
import Testing

/// What a training writes down.
@Suite struct TrainingLogTests {
    @Test func checksums() {
        #expect(CRC32C.checksum("123456789".utf8) == 0xE306_9283)
        #expect(CRC32C.checksum([UInt8]()) == 0)
        // RFC 3720, B.4: 32 bytes of zeros.
        #expect(CRC32C.checksum([UInt8](repeating: 0, count: 32)) == 0x8A91_36AA)
    }

    /// Byte for byte what TensorBoard's own writer makes of the same numbers at the same times.
    @Test func eventsAsTensorBoardWritesThem() throws {
        let folder = "/tmp/skullstrip-events-\(getpid())"
        let file = try EventFile(folder: folder, time: 1_700_000_000.25, from: 300)
        defer {
            unlink(file.path)
            rmdir(folder)
        }
        try file.add([("valid/dice", 0.875), ("loss", -1.5e-3)], step: 301, time: 1_700_000_001.5)
        try file.add([("größe", 1e30)], step: 70_000, time: 1_700_000_002)
        let expected = try #require(readBytes(ReferenceFile.folder + "/events.bin"))
        #expect(readBytes(file.path) == expected)
    }

    @Test func tablesHaveEachEpochOnce() throws {
        let folder = "/tmp/skullstrip-log-\(getpid())"
        try FileSystem.makeFolder(folder)
        let path = folder + "/run.csv", checkpoint = folder + "/best.safetensors"
        defer {
            for p in [path, checkpoint, folder + "/best.training.safetensors"] { unlink(p) }
            rmdir(folder)
        }
        var options = FitOptions(epochs: 2, steps: 2, checkpoint: checkpoint)
        (options.log, options.metrics, options.resume) = (path, [.precision], true)
        func lines() throws -> [String] {
            _ = try fit(unet(filters: 2, depth: 1), train: Balls(count: 2), valid: Balls(count: 1, first: 9), options: options)
            return String(decoding: readBytes(path) ?? [], as: UTF8.self).split(separator: "\n").map(String.init)
        }
        let two = try lines()
        #expect(two[0] == "epoch,loss,dice,iou,precision,valid_loss,valid_dice,valid_iou,valid_precision,rate,seconds" && two.count == 3)
        options.epochs = 3
        let three = try lines()
        #expect(three.count == 4 && Array(three[..<3]) == two)
        for (n, line) in three.dropFirst().enumerated() {
            let numbers = line.split(separator: ",").compactMap { Double($0) }
            #expect(numbers.count == 11 && numbers[0] == Double(n + 1))
        }
    }

    @Test func eventFilesOfATraining() throws {
        let folder = "/tmp/skullstrip-tensorboard-\(getpid())"
        defer {
            for name in (try? FileSystem.list(folder)) ?? [] { unlink(folder + "/" + name) }
            rmdir(folder)
        }
        var options = FitOptions(epochs: 2, steps: 3)
        options.log = folder
        _ = try fit(unet(filters: 2, depth: 1), train: Balls(count: 2), valid: nil, options: options)
        let names = try FileSystem.list(folder)
        #expect(names.count == 1 && names[0].hasPrefix("events.out.tfevents."))
        let bytes = try #require(readBytes(folder + "/" + names[0]))
        // Records end where the file does: one of the version, one for each step and epoch.
        var at = 0, records = 0
        while at < bytes.count {
            let length = (0..<8).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) }
            at += 16 + length
            records += 1
        }
        #expect(at == bytes.count && records == 9)
        // Where a file is in the way, that is said before the first step.
        options.log = folder + "/" + names[0]
        #expect(throws: FileError.self) {
            try fit(
                unet(filters: 2, depth: 1), train: Balls(count: 2), valid: nil, options: options,
                onStep: { _ in Issue.record("a step was made") })
        }
    }
}
