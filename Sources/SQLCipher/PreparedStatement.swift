import CSQLCipher

/// A compiled statement with what is known about it. It is its connection's, and used by one at a time.
final class PreparedStatement {
    let handle: OpaquePointer
    let facts: StatementFacts
    /// The text it was prepared from, as the cache's key; nil if it is not to be cached.
    let key: [UInt8]?
    var history = RunHistory()

    init(handle: OpaquePointer, facts: StatementFacts, key: [UInt8]?) {
        self.handle = handle
        self.facts = facts
        self.key = key
    }
}
