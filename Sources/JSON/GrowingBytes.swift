/// Bytes to which others are appended. Their memory doubles when it is full.
struct GrowingBytes: ~Copyable {
    private var memory: ByteMemory
    /// Where the memory begins, which does not move while `memory` holds it.
    private var start: UnsafeMutablePointer<UInt8>
    private var capacity: Int
    private(set) var count = 0

    /// Makes room for `capacity` bytes.
    init(capacity: Int) {
        memory = ByteMemory.make(capacity: capacity)
        start = memory.withUnsafeMutablePointerToElements { $0 }
        self.capacity = capacity
    }

    var last: UInt8? { count == 0 ? nil : start[count - 1] }

    /// Appends what `body` puts into memory for at most `most` bytes; it returns how many it has put.
    @inline(__always)
    mutating func append(upTo most: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Int) {
        if capacity - count < most { grow(by: most) }
        count += body(start + count)
        assert(count <= capacity)
    }

    mutating func append(_ byte: UInt8) {
        append(upTo: 1) { target in
            target[0] = byte
            return 1
        }
    }

    mutating func append(contentsOf bytes: UnsafeRawBufferPointer) {
        append(upTo: bytes.count) { target in
            if let source = bytes.baseAddress {
                UnsafeMutableRawPointer(target).copyMemory(from: source, byteCount: bytes.count)
            }
            return bytes.count
        }
    }

    /// Forgets all but the first `count` bytes.
    mutating func cut(to count: Int) {
        precondition((0...self.count).contains(count))
        self.count = count
    }

    /// Calls `body` with the bytes from a place on.
    func withBytes(from position: Int, _ body: (UnsafeRawBufferPointer) -> Void) {
        precondition((0...count).contains(position))
        body(UnsafeRawBufferPointer(start: start + position, count: count - position))
    }

    consuming func finish() -> Bytes {
        memory.count = count
        return Bytes(memory)
    }

    /// The bytes so far; this begins anew with the same capacity.
    mutating func take() -> Bytes {
        var taken = GrowingBytes(capacity: capacity)
        swap(&taken, &self)
        return taken.finish()
    }

    @inline(never)
    private mutating func grow(by most: Int) {
        var larger = GrowingBytes(capacity: max(2 * capacity, count + most))
        larger.append(contentsOf: UnsafeRawBufferPointer(start: start, count: count))
        self = larger
    }
}
