/// One database file of an engine, with what its open connections hold.
struct EngineFile {
    let path: String
    let descriptors: EngineDescriptors
    /// Where a connection goes that did not close.
    let unclosed = UnclosedConnections()
    let log: EngineLog

    /// The length of its log counts in `logs`.
    init(_ path: String, _ descriptors: EngineDescriptors, logs: LogTotal = LogTotal()) {
        log = EngineLog(total: logs)
        self.path = path
        self.descriptors = descriptors
    }
}
