import Synchronization

/// Blocks of memory that threads borrow for a tile.
final class ScratchPool: Sendable {
    struct Block: @unchecked Sendable {
        let base: UnsafeMutablePointer<Float>
        let floats: Int
    }

    private let free = Mutex<[Block]>([])

    func take(_ floats: Int) -> Block {
        let found = free.withLock { $0.popLast() }
        if let found {
            if found.floats >= floats { return found }
            UnsafeMutableRawPointer(found.base).deallocate()
        }
        let size = max(floats, 1 << 16)
        let raw = UnsafeMutableRawPointer.allocate(byteCount: size * 4, alignment: 64)
        return Block(base: raw.bindMemory(to: Float.self, capacity: size), floats: size)
    }

    func give(_ block: Block) { free.withLock { $0.append(block) } }
}
