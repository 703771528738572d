import Secrets
import Synchronization
import UserEngines

/// Whether a credential has shown in this process that it leads to the very key which the user's database is open with.
///
/// A seal that opens proves only that somebody made it. Whoever can write to the catalog can make a record with a
/// secret and a seal of their own, and would be let into a database that its owner has opened.
struct KeyProof: ~Copyable, Sendable {
    private let given = Atomic(false)

    var isGiven: Bool { given.load(ordering: .relaxed) }

    /// Throws `invalid_token` unless the key is the engine's. Asks for the key only until it has been once.
    func check(_ engine: Engine, _ key: () async throws -> GuardedBytes) async throws {
        if isGiven { return }
        guard try engine.isOpen(with: await key()) else { throw AccountError.invalidToken }
        given.store(true, ordering: .relaxed)
    }
}
