import Accounts
import SQLCipher

extension Setting where Value == Int {
    static let readersPerUser = Setting(
        "readersPerUser", "3", expected: "a whole number from 1 to 1000",
        "reader connections of one user, beside the writer", parse: ValueFormats.count(in: 1...1000))
    static let acquireQueue = Setting(
        "acquireQueue", "64", expected: ValueFormats.count, "requests of one user that may wait for a connection",
        parse: ValueFormats.count)
    static let maxValueBytes = Setting(
        "maxValueBytes", "16MiB", expected: ValueFormats.size, "size of one text or blob", parse: ValueFormats.size)
    static let maxWalBytes = Setting(
        "maxWalBytes", "64MiB", expected: ValueFormats.size,
        "size of one user's write-ahead log, beyond which readers in its way are cut", parse: ValueFormats.size)
    static let maxDatabaseBytes = Setting(
        "maxDatabaseBytes", "1GiB", expected: ValueFormats.size, "size of one user's database",
        parse: ValueFormats.size)
    static let userDiskBytes = Setting(
        "userDiskBytes", "4GiB", expected: ValueFormats.size,
        "databases and backups of one user, when a backup is made", parse: ValueFormats.size)
    static let backupKeep = Setting(
        "backupKeep", "7", expected: ValueFormats.count, "backups of one user, without those with a label",
        parse: ValueFormats.count)
    static let passwordMemory = Setting(
        "passwordMemory", "64MiB", expected: "a size from 8KiB to 4GiB", "Argon2id memory for one password"
    ) { text in
        ValueFormats.size(text).flatMap { (8 << 10...4 << 30).contains($0) ? $0 : nil }
    }
    static let passwordOperations = Setting(
        "passwordOperations", "2", expected: "a whole number from 1 to 1000", "Argon2id passes",
        parse: ValueFormats.count(in: 1...1000))
}

extension Setting where Value == Int {
    static let researchPerUser = Setting(
        "researchPerUser", "3", expected: ValueFormats.count, "researches of one user that may run at once",
        parse: ValueFormats.count)
    static let researchTotal = Setting(
        "researchTotal", "100", expected: ValueFormats.count, "researches of all users that may run at once",
        parse: ValueFormats.count)
}

extension Setting where Value == Duration {
    static let researchLease = Setting(
        "researchLease", "120s", expected: "a duration from 1s to 30d",
        "a research without a heartbeat for longer expires, unless it was started with another time"
    ) { text in
        ValueFormats.duration(text).flatMap { (.seconds(1) ... .seconds(30 * 86_400)).contains($0) ? $0 : nil }
    }
    static let acquireTimeout = Setting(
        "acquireTimeout", "5s", expected: ValueFormats.duration, "a request's wait for a connection",
        parse: ValueFormats.duration)
    static let connectionIdleTimeout = Setting(
        "connectionIdleTimeout", "5m", expected: ValueFormats.duration, "idle connections older than this are closed",
        parse: ValueFormats.duration)
    static let connectionLifetime = Setting(
        "connectionLifetime", "1h", expected: ValueFormats.duration, "connections older than this are replaced",
        parse: ValueFormats.duration)
    static let leakThreshold = Setting(
        "leakThreshold", "60s", expected: ValueFormats.duration, "a connection in use for longer is reported",
        parse: ValueFormats.duration)
    static let statementTimeout = Setting(
        "statementTimeout", "30s", expected: ValueFormats.duration, "the longest a statement may run",
        parse: ValueFormats.duration)
    static let engineIdleTimeout = Setting(
        "engineIdleTimeout", "15m", expected: ValueFormats.duration,
        "an engine unused for longer closes, live session or not", parse: ValueFormats.duration)
    static let reaperInterval = Setting(
        "reaperInterval", "300s", expected: ValueFormats.duration, "between two passes of the reaper",
        parse: ValueFormats.duration)
    static let reaperJitter = Setting(
        "reaperJitter", "30s", expected: ValueFormats.durationOrZero, "by which that interval varies",
        parse: ValueFormats.durationOrZero)
    static let releaseInterval = Setting(
        "releaseInterval", "1800s", expected: ValueFormats.duration,
        "between two checkpoints with a close of idle connections", parse: ValueFormats.duration)
    static let backupMaxAge = Setting(
        "backupMaxAge", "30d", expected: ValueFormats.duration, "older backups without a label go",
        parse: ValueFormats.duration)
    static let backupInterval = Setting(
        "backupInterval", "24h", expected: ValueFormats.duration, "a user's backup is due at this age of the last one",
        parse: ValueFormats.duration)
    static let sessionIdleTimeout = Setting(
        "sessionIdleTimeout", "2h", expected: ValueFormats.duration, "a session unused for longer ends",
        parse: ValueFormats.duration)
    static let sessionLifetime = Setting(
        "sessionLifetime", "24h", expected: ValueFormats.duration, "a session ends after this in any case",
        parse: ValueFormats.duration)
    static let sessionRemember = Setting(
        "sessionRemember", "30d", expected: ValueFormats.duration, "the same for a login that asks to be remembered",
        parse: ValueFormats.duration)
}

extension Setting where Value == Int? {
    static let descriptorBudget = Setting(
        "descriptorBudget", "", expected: "a whole number of at least 8",
        "file descriptors that databases may hold; 75 % of what the server leaves when not set",
        parse: ValueFormats.optional { text in ValueFormats.count(text).flatMap { $0 >= 8 ? $0 : nil } })
}

extension Setting where Value == ConnectionConfiguration.Synchronous {
    static let synchronous = Setting(
        "synchronous", "full", expected: "full or normal", "whether each commit waits for the disk"
    ) { text in
        switch text {
        case "full": .full
        case "normal": .normal
        default: nil
        }
    }
}

/// Who may register.
enum RegistrationPolicy: String, Sendable {
    case open
    case closed
}

extension Setting where Value == RegistrationPolicy {
    static let registration = Setting(
        "registration", "open", expected: "open or closed", "whether anybody may register"
    ) { RegistrationPolicy(rawValue: $0) }
}
