import Glibc

/// The compiled statements of a connection's users: those that are lent, and at most ``capacity`` that nobody uses now, of
/// which the least recently used goes first.
///
/// An idle statement is not among those that are lent, so it cannot be handed out twice. The key is the bytes of the text:
/// Swift's `==` on strings takes canonically equivalent texts for equal, SQLite does not.
struct CompiledStatements {
    /// A longer text is not kept: its use is not frequent, and its copy and program are big.
    static let longestText = 16 * 1024

    let capacity: Int

    /// The most recently used is last.
    private var idle: [PreparedStatement] = []

    /// Those that are out, including dropped ones that wait for their finalization. SQLite's own list also has those of
    /// virtual tables, which are not ours to finalize.
    private(set) var lent: [OpaquePointer] = []

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Lends the idle statement with this text, if there is one.
    mutating func lend(_ sql: UnsafeBufferPointer<UInt8>) -> PreparedStatement? {
        guard let index = index(of: sql) else { return nil }
        let statement = idle.remove(at: index)
        lent.append(statement.handle)
        return statement
    }

    /// Lends a statement that was compiled just now.
    mutating func lend(_ statement: PreparedStatement) {
        lent.append(statement.handle)
    }

    /// Takes back a statement that was reset. Returns the one that must be finalized for it, if any.
    mutating func takeBack(_ statement: PreparedStatement) -> OpaquePointer? {
        removeLent(statement.handle)
        guard let key = statement.key, capacity > 0, key.withUnsafeBufferPointer({ index(of: $0) }) == nil else {
            return statement.handle
        }
        let evicted = idle.count == capacity ? idle.removeFirst().handle : nil
        idle.append(statement)
        return evicted
    }

    /// Forgets one that is lent, for its finalization.
    mutating func removeLent(_ statement: OpaquePointer) {
        if let index = lent.lastIndex(of: statement) { lent.remove(at: index) }
    }

    /// Forgets all that are lent, for their finalization.
    mutating func removeAllLent() -> [OpaquePointer] {
        defer { lent = [] }
        return lent
    }

    /// Forgets all that are idle, for their finalization.
    mutating func removeAllIdle() -> [OpaquePointer] {
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
