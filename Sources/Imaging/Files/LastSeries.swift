import Support
import Synchronization

/// The file of several images that one was taken from last, left open: whoever asks for its images one by one, each by its number, need not
/// inflate all that lies before each of them again.
///
/// What is kept is the file's mapping, its header and places in its stream: a few megabytes whatever the file's size, and what a small `.mgz`
/// file holds besides.
enum LastSeries {
    private static let kept = Mutex<(path: String, reader: Unchecked<ImageReader>)?>(nil)

    /// The reader of a path, which is the caller's until it is given back; nil where another file was read last, or this one has changed.
    static func take(_ path: String) -> ImageReader? {
        let found = kept.withLock { kept in
            defer { if kept?.path == path { kept = nil } }
            return kept?.path == path ? kept?.reader : nil
        }
        guard let reader = found?.value, reader.isCurrent else { return nil }
        return reader
    }

    /// Leaves a reader for the next who asks for an image of this path.
    static func keep(_ reader: ImageReader, of path: String) {
        if reader.isCurrent { kept.withLock { [reader = Unchecked(reader)] in $0 = (path, reader) } }
    }
}
