import CSQLCipher
import Glibc

/// A compiled statement with what is known about it.
struct PreparedStatement {
    let handle: OpaquePointer
    let facts: StatementFacts
    /// The text it was prepared from, as the cache's key; nil if it is not to be cached.
    let key: [UInt8]?
    var history = RunHistory()
}

/// Compiled statements that nobody uses now, at most ``capacity``; the least recently used goes first.
///
/// A statement in use is not in here, so it cannot be handed out twice. The key is the bytes of the text: Swift's `==`
/// on strings takes canonically equivalent texts for equal, SQLite does not.
struct StatementCache {
    /// A longer text is not cached: its use is not frequent, and its copy and program are big.
    static let longestText = 16 * 1024

    let capacity: Int

    /// The most recently used is last.
    private var idle: [PreparedStatement] = []

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Takes the statement with this text out, if there is one.
    mutating func take(_ sql: UnsafeBufferPointer<UInt8>) -> PreparedStatement? {
        guard let index = index(of: sql) else { return nil }
        return idle.remove(at: index)
    }

    /// Puts a statement back that was reset. Returns the one that must be finalized instead, if any.
    mutating func put(_ statement: PreparedStatement) -> OpaquePointer? {
        guard let key = statement.key, capacity > 0, key.withUnsafeBufferPointer({ index(of: $0) }) == nil else {
            return statement.handle
        }
        let evicted = idle.count == capacity ? idle.removeFirst().handle : nil
        idle.append(statement)
        return evicted
    }

    /// Takes all out, for their finalization.
    mutating func removeAll() -> [OpaquePointer] {
        defer { idle = [] }
        return idle.map(\.handle)
    }

    private func index(of sql: UnsafeBufferPointer<UInt8>) -> Int? {
        idle.lastIndex { statement in
            guard let key = statement.key, key.count == sql.count else { return false }
            return key.withUnsafeBufferPointer { memcmp($0.baseAddress!, sql.baseAddress!, sql.count) == 0 }
        }
    }
}
