import Secrets
import UserEngines

/// What the seals of an account are made for. The purposes are part of the stored format and never change.
extension SealContext {
    /// The user key under the password.
    static func userKeyByPassword(of user: UserID) -> SealContext {
        SealContext(purpose: "coffer user key by password", user: user.description, record: user.description)
    }

    /// The user key under the recovery code.
    static func userKeyByRecoveryCode(of user: UserID) -> SealContext {
        SealContext(purpose: "coffer user key by recovery code", user: user.description, record: user.description)
    }

    /// The user key under the secret of a session's token.
    static func userKey(of user: UserID, session: SessionID) -> SealContext {
        SealContext(purpose: "coffer user key by session", user: user.description, record: session.description)
    }

    /// The data key under the secret of a research's token.
    static func dataKey(of user: UserID, research: ResearchID) -> SealContext {
        SealContext(purpose: "coffer data key by research", user: user.description, record: research.description)
    }

    /// A data key under the user key.
    static func dataKey(_ id: DataKeyID, of user: UserID) -> SealContext {
        SealContext(purpose: "coffer data key", user: user.description, record: id.description)
    }
}

/// The numbers of bytes of the two keys.
enum KeySize {
    static let userKey = 32
    /// 32 bytes of key and 16 of salt, as SQLCipher takes them. https://www.zetetic.net/sqlcipher/sqlcipher-api/#key
    static let dataKey = 48
}
