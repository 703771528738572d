/// Why an account operation was refused. The texts never contain a password, a token, a code or a key.
public struct AccountError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The stable name of a refusal, as clients see it.
    public enum Code: String, Sendable, CaseIterable {
        case accountDisabled = "account_disabled"
        case invalidCredentials = "invalid_credentials"
        case invalidToken = "invalid_token"
        case invalidUsername = "invalid_username"
        case notFound = "not_found"
        case passwordQueueFull = "password_queue_full"
        case rateLimited = "rate_limited"
        case registrationClosed = "registration_closed"
        case researchLimit = "research_limit"
        case tooManyAttempts = "too_many_attempts"
        case usernameTaken = "username_taken"
        case weakPassword = "weak_password"
    }

    /// The stable name.
    public let code: Code
    /// A sentence for a person.
    public let reason: String
    /// When to try again, for the refusals that end by themselves.
    public let retryAfter: Duration?

    init(_ code: Code, _ reason: String, retryAfter: Duration? = nil) {
        self.code = code
        self.reason = reason
        self.retryAfter = retryAfter
    }

    /// The code and the reason.
    public var description: String { "\(code.rawValue): \(reason)" }
}

extension AccountError {
    static let accountDisabled = AccountError(.accountDisabled, "This account is disabled.")
    /// 401: the user name, the password, the code or whatever was to prove the user is wrong.
    public static let invalidCredentials = AccountError(.invalidCredentials, "The user name or the secret is wrong.")
    /// For a token that cannot be one, refused before anybody is asked.
    public static let invalidToken = AccountError(.invalidToken, "The token is unknown, expired or revoked.")
    static let invalidUsername = AccountError(
        .invalidUsername, "A user name has 1 to 64 characters: ASCII letters, digits, '.', '_' and '-'.")
    static let registrationClosed = AccountError(.registrationClosed, "This server takes no registrations.")
    static let sessionNotFound = AccountError(.notFound, "There is no such session.")
    static let userNotFound = AccountError(.notFound, "There is no such user.")
    static let usernameTaken = AccountError(.usernameTaken, "This user name is taken.")

    static func weakPassword(_ reason: String) -> AccountError {
        AccountError(.weakPassword, reason)
    }

    static func tooManyAttempts(retryAfter: Duration) -> AccountError {
        AccountError(.tooManyAttempts, "Too many failed attempts.", retryAfter: retryAfter)
    }

    static func rateLimited(retryAfter: Duration) -> AccountError {
        AccountError(.rateLimited, "Too many users were registered from this network.", retryAfter: retryAfter)
    }

    static func researchLimit(retryAfter: Duration) -> AccountError {
        AccountError(.researchLimit, "As many researches run as may.", retryAfter: retryAfter)
    }

    static func passwordQueueFull(retryAfter: Duration) -> AccountError {
        AccountError(.passwordQueueFull, "Too many passwords are being checked.", retryAfter: retryAfter)
    }
}
