import Synchronization

/// How long an engine's write-ahead log is, known without asking the file system.
final class EngineLog: Sendable {
    private let content = Atomic<Int64>(0)
    private let file = Atomic<Int64>(0)
    private let total: LogTotal

    /// The log of a file that counts in `total` for as long as it is there.
    init(total: LogTotal) {
        self.total = total
    }

    deinit {
        setFile(0)
    }

    /// Bytes from the log's beginning to the last commit.
    var contentBytes: Int64 { content.load(ordering: .relaxed) }

    /// The file as it was found, before any commit.
    func found(bytes: Int64) {
        setFile(bytes)
    }

    /// A commit ended here. SQLite begins again at the front when everything has been checkpointed, and cuts nothing
    /// off the file.
    func committed(at bytes: Int64) {
        content.store(bytes, ordering: .relaxed)
        let (before, now) = file.max(bytes, ordering: .relaxed)
        if now > before { total.add(now - before) }
    }

    /// The file was cut to nothing, or is gone.
    func emptied() {
        content.store(0, ordering: .relaxed)
        setFile(0)
    }

    private func setFile(_ bytes: Int64) {
        total.add(bytes - file.exchange(bytes, ordering: .relaxed))
    }
}

/// The bytes of many logs, added up as they grow and shrink.
final class LogTotal: Sendable {
    private let sum = Atomic<Int64>(0)

    var bytes: Int64 { sum.load(ordering: .relaxed) }

    func add(_ bytes: Int64) {
        sum.wrappingAdd(bytes, ordering: .relaxed)
    }
}
