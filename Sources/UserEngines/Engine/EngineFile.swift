/// One database file of an engine, with what its open connections hold.
struct EngineFile {
    let path: String
    let descriptors: EngineDescriptors
    /// Where a connection goes that did not close.
    let unclosed = UnclosedConnections()
    let log = EngineLog()

    init(_ path: String, _ descriptors: EngineDescriptors) {
        self.path = path
        self.descriptors = descriptors
    }
}
