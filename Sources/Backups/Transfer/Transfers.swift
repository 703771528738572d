import Synchronization
import UserEngines

/// Who moves a whole database out or in at the moment: one at a time of each user, so that nobody fills the disk or the
/// descriptors with what they never finish.
final class Transfers: Sendable {
    private let users = Mutex<Set<UserID>>([])

    /// The right to the one transfer of a user, given back with its last reference.
    final class Place: Sendable {
        fileprivate let user: UserID
        fileprivate let transfers: Transfers

        fileprivate init(_ user: UserID, _ transfers: Transfers) {
            self.user = user
            self.transfers = transfers
        }

        deinit {
            _ = transfers.users.withLock { $0.remove(user) }
        }
    }

    /// Throws ``BackupError/busy`` if there is one.
    func begin(_ user: UserID) throws(BackupError) -> Place {
        guard users.withLock({ $0.insert(user).inserted }) else { throw .busy }
        return Place(user, self)
    }
}
