import Glibc

/// Makes request ids of 16 random bytes. The system is asked for many at once.
struct RequestIdentifiers: Sendable {
    /// As many as getentropy(3) gives at once.
    private var pool = InlineArray<16, InlineArray<16, UInt8>>(repeating: InlineArray(repeating: 0))
    private var used = 16

    /// An id that no other request has.
    mutating func next() -> RequestID {
        if used == pool.count {
            let result = withUnsafeMutableBytes(of: &pool) { getentropy($0.baseAddress!, $0.count) }
            precondition(result == 0, "the system has no random bytes")
            used = 0
        }
        defer { used += 1 }
        return RequestID(pool[used])
    }
}
