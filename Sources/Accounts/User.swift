import Timekeeping
import UserEngines

/// A user as others may see them.
public struct User: Sendable, Equatable {
    /// The name that paths and locks go by.
    public let id: UserID
    /// The name as it was registered.
    public let username: String
    /// When the user was registered.
    public let created: UnixTime
    /// Whether the user may not log in.
    public let isDisabled: Bool
    /// Whether there is a recovery code that has not been spent.
    public let hasRecoveryCode: Bool

    init(_ record: UserRecord) {
        id = record.id
        username = record.username.text
        created = record.created
        isDisabled = record.isDisabled
        hasRecoveryCode = record.recoverySeal != nil
    }
}
