import Logging
import Synchronization

extension Logger {
    /// What fails here fails on purpose, a thousand times, and is not written. What is the caller's defect is counted.
    static let silent = Logger(label: "test", factory: { _ in DefectCounter() })
}

/// Counts connections that nobody has closed, or whose statements nobody has finished. They do it themselves when they are
/// dropped or closed, so that nothing but the log tells of it.
struct DefectCounter: LogHandler {
    private static let defects = [
        "a connection was dropped without being closed", "a connection is closed with unfinished statements",
    ]
    private static let counted = Atomic(0)

    static var count: Int { counted.load(ordering: .relaxed) }

    var metadata: Logger.Metadata = [:]
    var logLevel = Logger.Level.error

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        if Self.defects.contains(event.message.description) { Self.counted.add(1, ordering: .relaxed) }
    }
}
