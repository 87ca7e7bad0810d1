import Support

/// A list of values, which are kept as the words that registers hold: 8 bytes for a number.
public final class List: RandomAccessCollection, @unchecked Sendable {
    /// `count` words, each with a reference of its own. Changed only by who holds the one reference to the list.
    @exclusivity(unchecked) private(set) var words: UnsafeMutablePointer<Word>
    @exclusivity(unchecked) public private(set) var count: Int
    @exclusivity(unchecked) private(set) var capacity: Int
    /// Levels of lists, records and closures, this one included.
    @exclusivity(unchecked) private(set) var depth = 1

    /// The most items that a list may have.
    public static let longest = 1 << 25

    /// A list of these items, in their order.
    public init(_ items: [Value]) {
        words = .allocate(capacity: items.count)
        (count, capacity) = (items.count, items.count)
        for (i, item) in items.enumerated() { put(Word(item), at: i) }
    }

    convenience init(texts: [String]) {
        self.init(capacity: texts.count)
        for text in texts { adopt(Word(TextBox(text))) }
    }

    /// The strings whose bytes, which must be UTF-8, `make` hands to the function that it gets. There is room for `count` before the list has to
    /// move. `withoutEmptyEnd` drops a last string that is empty. Throws what `make` throws.
    public convenience init(
        room count: Int, withoutEmptyEnd: Bool = false, _ make: ((UnsafeBufferPointer<UInt8>) -> Void) throws -> Void
    ) rethrows {
        self.init(capacity: count)
        var isEmpty = false
        try make { bytes in
            adopt(Word(TextBox(String(bytes: bytes))))
            isEmpty = bytes.isEmpty
        }
        if withoutEmptyEnd, isEmpty { removeLast() }
    }

    private func removeLast() {
        count -= 1
        words[count].release()
    }

    /// Room for items, which `adopt` brings.
    init(capacity: Int) {
        words = .allocate(capacity: capacity)
        (count, self.capacity) = (0, capacity)
    }

    /// A part of another list, or all of it, some times over.
    convenience init(_ other: List, _ range: Range<Int>, times: Int = 1) {
        self.init(capacity: range.count * times)
        // Of nothing, there may be any number.
        if !range.isEmpty { for _ in 0..<times { append(contentsOf: other, range) } }
    }

    /// The items at some places, in the places' order. Throws `Interrupted`.
    public convenience init(_ items: [Value], at places: [Int]) throws {
        self.init(capacity: places.count)
        for place in places {
            adopt(Word(items[place]))
            if count & 4095 == 0 { try Interrupt.check() }
        }
    }

    /// The items of the lists and ranges among some values, and the other values, in their order. Throws `TooLarge`, `Interrupted`.
    public convenience init(flattening values: [Value]) throws {
        var count = 0
        for value in values {
            switch value {
            case .list(let list): count += list.count
            case .range(let range): count += range.count
            default: count += 1
            }
            try Operators.check(items: count)
        }
        self.init(capacity: count)
        for value in values {
            switch value {
            case .list(let list): try append(inPieces: list)
            case .range(let range):
                for i in 0..<range.count {
                    adopt(Word(.number(Double(range.start + i))))
                    if i & 4095 == 0 { try Interrupt.check() }
                }
            default:
                adopt(Word(value))
                if self.count & 4095 == 0 { try Interrupt.check() }
            }
        }
    }

    deinit {
        for i in 0..<count {
            if i & 63 == 63, Discard.isWanted {
                let (words, rest) = (words, i..<count)
                return Discard.later { Self.free(words, rest) }
            }
            words[i].release()
        }
        words.deallocate()
    }

    private static func free(_ words: UnsafeMutablePointer<Word>, _ rest: Range<Int>) {
        for i in rest { words[i].release() }
        words.deallocate()
    }

    /// 0, also of an empty list.
    public var startIndex: Int { 0 }
    /// The number of items.
    public var endIndex: Int { count }

    /// An item. The place must be from 0 up to `count`: what scripts ask for is checked before.
    public subscript(i: Int) -> Value {
        precondition(i >= 0 && i < count)
        return words[i].value ?? .none
    }

    /// All items; a copy.
    public var items: [Value] { Array(self) }

    // MARK: - Changes by the holder of the only reference

    @inline(__always)
    private func put(_ word: Word, at place: Int) {
        words[place] = word
        if word.isReference { depth = Swift.max(depth, word.depth + 1) }
    }

    private func makeRoom(_ more: Int) {
        guard count + more > capacity else { return }
        let room = Swift.max(2 * capacity, count + more, 4)
        let moved = UnsafeMutablePointer<Word>.allocate(capacity: room)
        moved.initialize(from: words, count: count)
        words.deallocate()
        (words, capacity) = (moved, room)
    }

    /// Adds an item, whose reference becomes the list's.
    func adopt(_ word: Word) {
        makeRoom(1)
        put(word, at: count)
        count += 1
    }

    /// Adds another list's items.
    func append(contentsOf other: List, _ range: Range<Int>? = nil) {
        let range = range ?? 0..<other.count
        makeRoom(range.count)
        for i in range {
            let word = other.words[i]
            word.retain()
            words[count] = word
            count += 1
        }
        if !range.isEmpty { depth = Swift.max(depth, other.depth) }
    }

    /// Adds another list's items, however many. Throws `Interrupted`.
    func append(inPieces other: List) throws {
        for start in stride(from: 0, to: other.count, by: 1 << 20) {
            try Interrupt.check()
            append(contentsOf: other, start..<Swift.min(other.count, start + 1 << 20))
        }
    }

    /// Replaces an item; the word's reference becomes the list's.
    @inline(__always)
    func replace(_ place: Int, with word: Word) {
        let old = words[place]
        put(word, at: place)
        old.release()
    }
}
