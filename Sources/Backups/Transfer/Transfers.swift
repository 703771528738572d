import Synchronization
import UserEngines

/// Who moves a whole database out or in at the moment: one at a time of each user, so that nobody fills the disk or the
/// descriptors with what they never finish.
final class Transfers: Sendable {
    /// Downloads of one user at once.
    static let downloadLimit = 8

    private let users = Mutex<Set<UserID>>([])
    private let downloads = Mutex<[UserID: Int]>([:])

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

    /// The right to one of a user's downloads, given back with its last reference.
    final class Download: Sendable {
        fileprivate let user: UserID
        fileprivate let transfers: Transfers

        fileprivate init(_ user: UserID, _ transfers: Transfers) {
            self.user = user
            self.transfers = transfers
        }

        deinit {
            transfers.endDownload(of: user)
        }
    }

    /// Throws `EngineError.descriptorBudget` if the user has as many as they may.
    func beginDownload(_ user: UserID) throws(EngineError) -> Download {
        let isAllowed = downloads.withLock { downloads in
            guard downloads[user, default: 0] < Self.downloadLimit else { return false }
            downloads[user, default: 0] += 1
            return true
        }
        guard isAllowed else { throw .descriptorBudget }
        return Download(user, self)
    }

    private func endDownload(of user: UserID) {
        downloads.withLock { downloads in
            let left = downloads[user, default: 1] - 1
            downloads[user] = left == 0 ? nil : left
        }
    }
}
