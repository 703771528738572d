import Synchronization

/// How long an engine's write-ahead log is, known without asking the file system.
final class EngineLog: Sendable {
    private let content = Atomic<Int64>(0)
    private let file = Atomic<Int64>(0)

    /// Bytes from the log's beginning to the last commit.
    var contentBytes: Int64 { content.load(ordering: .relaxed) }

    /// Bytes of the file: SQLite begins again at the front when everything has been checkpointed, and cuts nothing off.
    var fileBytes: Int64 { file.load(ordering: .relaxed) }

    /// The file as it was found, before any commit.
    func found(bytes: Int64) {
        file.store(bytes, ordering: .relaxed)
    }

    /// A commit ended here.
    func committed(at bytes: Int64) {
        content.store(bytes, ordering: .relaxed)
        file.max(bytes, ordering: .relaxed)
    }

    /// The file was cut to nothing, or is gone.
    func emptied() {
        content.store(0, ordering: .relaxed)
        file.store(0, ordering: .relaxed)
    }
}
