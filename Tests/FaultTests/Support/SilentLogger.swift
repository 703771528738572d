import Logging

extension Logger {
    /// What fails here fails on purpose, a thousand times.
    static let silent = Logger(label: "test", factory: { _ in SwiftLogNoOpLogHandler() })
}
