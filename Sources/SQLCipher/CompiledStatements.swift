/// The compiled statements of a connection's users: those that are lent, and at most ``capacity`` that nobody uses now,
/// of which the least recently used goes first.
///
/// An idle statement is not among those that are lent, so it cannot be handed out twice.
struct CompiledStatements {
    /// A longer text is not kept: its use is not frequent, and its copy and program are big.
    private static let longestText = 16 * 1024

    /// The fingerprint of the key lies beside the others', so that a look-up touches one statement.
    private struct Idle {
        let fingerprint: UInt64
        let statement: PreparedStatement
    }

    let capacity: Int

    /// The most recently used is last.
    private var idle: [Idle] = []

    /// Those that are out, including dropped ones that wait for their finalization. SQLite's own list also has those of
    /// virtual tables, which are not ours to finalize.
    private(set) var lent: [OpaquePointer] = []

    init(capacity: Int) {
        self.capacity = capacity
    }

    /// Whether a statement with this text is kept when it is given back.
    func keeps(_ sql: UnsafeBufferPointer<UInt8>) -> Bool {
        capacity > 0 && sql.count <= Self.longestText
    }

    /// Lends the idle statement with this text, if there is one.
    mutating func lend(_ sql: UnsafeBufferPointer<UInt8>) -> PreparedStatement? {
        guard keeps(sql), let index = index(of: sql, StatementKey.fingerprint(of: sql)) else { return nil }
        let statement = idle.remove(at: index).statement
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
        guard let key = statement.key,
            key.text.withUnsafeBufferPointer({ index(of: $0, key.fingerprint) }) == nil
        else { return statement.handle }
        let evicted = idle.count == capacity ? idle.removeFirst().statement.handle : nil
        idle.append(Idle(fingerprint: key.fingerprint, statement: statement))
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
        return idle.map(\.statement.handle)
    }

    private func index(of sql: UnsafeBufferPointer<UInt8>, _ fingerprint: UInt64) -> Int? {
        idle.lastIndex { $0.fingerprint == fingerprint && $0.statement.key?.isText(sql) == true }
    }
}
