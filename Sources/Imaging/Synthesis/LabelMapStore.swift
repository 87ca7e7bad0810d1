import Glibc
import Support
import Synchronization

/// Label maps that were made ready before, so that a training reads each of its maps once. Those not asked for longest go first when
/// `bound` is reached.
public final class LabelMapStore: Sendable {
    /// The store of the process.
    public static let shared = LabelMapStore(bound: 1 << 30)

    private enum Key: Hashable {
        /// A file as it was when read: another size or time is another map.
        case file(path: String, size: Int, seconds: Int, nanoseconds: Int, LabelMap.Brain)
        case volume(ObjectIdentifier, LabelMap.Brain)
    }

    private struct Entry {
        let map: LabelMap
        /// The volume whose identity is the key; where it is gone, so is the entry.
        weak var volume: Volume?
        var lastUse: Int
    }

    private struct State {
        var entries: [Key: Entry] = [:]
        var uses = 0
    }

    private let bound: Int
    private let state = Mutex(State())

    /// - Parameter bound: bytes that the maps may hold together; the newest stays even where it is larger.
    public init(bound: Int) { self.bound = bound }

    /// The map of a file. Throws what reading it and `LabelMap.init` throw.
    public func map(at path: String, brain: LabelMap.Brain) throws -> LabelMap {
        var status = stat()
        guard stat(path, &status) == 0 else { throw FileError.missing(path: path) }
        let key = Key.file(
            path: path, size: Int(status.st_size), seconds: status.st_mtim.tv_sec, nanoseconds: status.st_mtim.tv_nsec, brain)
        if let known = find(key, nil) { return known }
        return keep(try LabelMap(try ImageFile.read(path), brain: brain), key, nil)
    }

    /// The map of a volume. Throws what `LabelMap.init` throws.
    public func map(of volume: Volume, brain: LabelMap.Brain) throws -> LabelMap {
        let key = Key.volume(ObjectIdentifier(volume), brain)
        if let known = find(key, volume) { return known }
        return keep(try LabelMap(volume, brain: brain), key, volume)
    }

    /// Bytes that are held now.
    public var size: Int { state.withLock { $0.entries.values.reduce(0) { $0 + $1.map.size } } }

    private func find(_ key: Key, _ volume: Volume?) -> LabelMap? {
        state.withLock { state in
            guard var entry = state.entries[key], volume == nil || entry.volume === volume else { return nil }
            state.uses += 1
            entry.lastUse = state.uses
            state.entries[key] = entry
            return entry.map
        }
    }

    private func keep(_ map: LabelMap, _ key: Key, _ volume: Volume?) -> LabelMap {
        state.withLock { state in
            state.uses += 1
            state.entries[key] = Entry(map: map, volume: volume, lastUse: state.uses)
            for (other, entry) in state.entries {
                if case .volume = other, entry.volume == nil { state.entries[other] = nil }
            }
            var held = state.entries.values.reduce(0) { $0 + $1.map.size }
            while held > bound, state.entries.count > 1, let oldest = state.entries.min(by: { $0.value.lastUse < $1.value.lastUse }) {
                held -= oldest.value.map.size
                state.entries[oldest.key] = nil
            }
        }
        return map
    }
}
