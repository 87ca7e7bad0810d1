import Foundation
import Support
import Testing

@Suite struct LargePagesTests {
    /// Whether pages are reported, by a folder like the system's list of virtio devices.
    private func reports(_ devices: [(kind: String, features: String)]) throws -> Bool {
        let folder = try Reference.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        for (k, device) in devices.enumerated() {
            let path = folder.appendingPathComponent("virtio\(k)")
            try FileManager.default.createDirectory(at: path, withIntermediateDirectories: true)
            try (device.kind + "\n").write(to: path.appendingPathComponent("device"), atomically: false, encoding: .utf8)
            try (device.features + "\n").write(to: path.appendingPathComponent("features"), atomically: false, encoding: .utf8)
        }
        return LargePages.reportsFreePages(devices: folder.path)
    }

    @Test func aBalloonThatReportsFreePagesMakesLargePagesDear() throws {
        #expect(try reports([("0x0002", "00100110"), ("0x0005", "01100101")]))
        #expect(try !reports([("0x0005", "01100001")]))
        // The sixth feature of another device means something else.
        #expect(try !reports([("0x0002", "00000100")]))
        #expect(try !reports([("0x0005", "")]))
        #expect(!LargePages.reportsFreePages(devices: "/nowhere/at/all"))
    }
}
