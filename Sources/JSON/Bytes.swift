/// Bytes that never change. Copies share them: they lie in one allocation with the object that owns them.
///
/// Sound as `@unchecked Sendable`: the memory is only written before this is made of it.
public struct Bytes: @unchecked Sendable {
    private let memory: ByteMemory

    /// Makes them of memory that nobody writes any more.
    init(_ memory: ByteMemory) {
        self.memory = memory
    }

    /// Makes a copy.
    public init(_ bytes: [UInt8]) {
        var copy = GrowingBytes(capacity: bytes.count)
        bytes.withUnsafeBytes { copy.append(contentsOf: $0) }
        self = copy.finish()
    }

    /// Makes a copy of the UTF-8 of `text`.
    public init(_ text: String) {
        self.init(Array(text.utf8))
    }

    /// As long as this object lives, the bytes stay where ``withUnsafeBytes(_:)`` finds them.
    public var owner: AnyObject { memory }

    /// Calls `body` with the bytes.
    public func withUnsafeBytes<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try memory.withUnsafeMutablePointerToElements {
            try body(UnsafeRawBufferPointer(start: $0, count: memory.count))
        }
    }
}

extension Bytes: RandomAccessCollection {
    /// 0.
    public var startIndex: Int { 0 }

    /// Their number.
    public var endIndex: Int { memory.count }

    /// One of the bytes.
    public subscript(position: Int) -> UInt8 {
        precondition(indices.contains(position), "there is no such byte")
        return memory.withUnsafeMutablePointerToElements { $0[position] }
    }

    /// Calls `body` with the bytes.
    public func withContiguousStorageIfAvailable<Result>(
        _ body: (UnsafeBufferPointer<UInt8>) throws -> Result
    ) rethrows -> Result? {
        try withUnsafeBytes { try body($0.assumingMemoryBound(to: UInt8.self)) }
    }
}

extension Bytes: Equatable, ExpressibleByArrayLiteral {
    /// Makes them of a list.
    public init(arrayLiteral bytes: UInt8...) {
        self.init(bytes)
    }

    /// Whether they are the same, one by one.
    public static func == (some: Bytes, others: Bytes) -> Bool {
        some.elementsEqual(others)
    }
}

/// Memory for bytes, in one allocation with this object.
final class ByteMemory: ManagedBuffer<Int, UInt8> {
    static func make(capacity: Int) -> ByteMemory {
        unsafeDowncast(create(minimumCapacity: capacity) { _ in 0 }, to: ByteMemory.self)
    }

    /// How many bytes are set: the header, of which each direct access would be checked for another one meanwhile.
    var count: Int {
        get { withUnsafeMutablePointerToHeader { $0.pointee } }
        set { withUnsafeMutablePointerToHeader { $0.pointee = newValue } }
    }
}
