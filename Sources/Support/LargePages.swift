import Glibc

/// Pages of 2 MiB under large memory. Where they are cheap, fresh memory on them costs a quarter of what it costs on pages of 4 KiB, and passes over it
/// miss the translation buffer less often.
///
/// They are not cheap on a virtual machine that reports free memory to its host (virtio's free page reporting), which takes it back by the 2 MiB: the first
/// use of such a page takes 2.5 to 10 ms where clearing it takes 0.1, so that a small network's first step waited half a second for them, and pages of 4 KiB,
/// from pieces too small to be reported, come five times as fast.
package enum LargePages {
    /// Bytes of a large page.
    package static let size = 1 << 21

    /// Asks for large pages under memory that has not been used yet, as far as whole ones fit into it. A wish only.
    /// - Parameter passing: the memory will soon be given back and asked for again, as that of images is: then its pages are still there, and large ones cheap
    ///   on every machine.
    package static func prepare(_ start: UnsafeMutableRawPointer, bytes: Int, passing: Bool) {
        advise(start, bytes, Int32(MADV_HUGEPAGE), if: passing || areCheap)
    }

    /// Moves memory that has been used onto large pages where `prepare` left it on small ones: for what is passed over many times more.
    package static func gather(_ start: UnsafeMutableRawPointer, bytes: Int) {
        advise(start, bytes, 25, if: !areCheap)  // MADV_COLLAPSE, which Linux has since 6.1 and the C library's headers may lack
    }

    private static func advise(_ start: UnsafeMutableRawPointer, _ bytes: Int, _ advice: Int32, if wanted: @autoclosure () -> Bool) {
        let mask = UInt(size - 1)
        let first = (UInt(bitPattern: start) + mask) & ~mask, end = (UInt(bitPattern: start) + UInt(bytes)) & ~mask
        guard first < end, wanted(), let pointer = UnsafeMutableRawPointer(bitPattern: first) else { return }
        let kept = errno
        madvise(pointer, Int(end - first), advice)
        errno = kept
    }

    private static let areCheap = !reportsFreePages(devices: "/sys/bus/virtio/devices")

    /// Whether one of virtio's devices is a memory balloon (5) that has agreed to report free pages (its feature 5; Virtual I/O Device 1.2, 5.5.3).
    package static func reportsFreePages(devices: String) -> Bool {
        ((try? FileSystem.list(devices)) ?? []).contains { name in
            let device = devices + "/" + name
            guard SystemFile.lines(device + "/device").first == "0x0005", let features = SystemFile.lines(device + "/features").first else { return false }
            return features.dropFirst(5).first == "1"
        }
    }
}
