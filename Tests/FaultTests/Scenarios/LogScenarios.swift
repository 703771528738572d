import FaultInjection
import SQLCipher
import Testing

extension FaultSuite {
    @Test("checkpointing")
    func checkpoint() async throws { try await FaultRun<CheckpointScenario>().run() }

    @Test("closing the last connection")
    func closing() async throws { try await FaultRun<ClosingScenario>().run() }
}

/// A log with rows is moved into the file, and emptied.
private struct CheckpointScenario: FaultScenario {
    static let name = "checkpoint"
    static let reached: Set<FaultKind> = [.memory, .read, .write, .full, .sync, .truncate, .indexLock]

    private static let newRows: [Int64] = [51, 52, 53]
    private let use: ConnectionUse

    init(in directory: String) throws {
        let sample = SampleDatabase(path: directory + "/main.db")
        sample.create()
        use = ConnectionUse(sample)
        try use.open()
        try use.use { connection in
            try connection.transaction { try SampleDatabase.insert(Self.newRows, on: connection) }
        }
    }

    func run() throws {
        try use.use { connection in
            _ = try connection.checkpoint(.passive)
            _ = try connection.checkpoint(.truncate)
        }
    }

    func problems() -> [String] { use.problems() }
    func proceed() throws { try use.proceed() }
    func close() throws { try use.close() }
    func verify(_ end: End) throws { try use.verify(end, added: Self.newRows) }
}

/// The last connection of a file closes, which checkpoints and removes the log. That may fail; the close does not.
private struct ClosingScenario: FaultScenario {
    static let name = "close"
    static let reached: Set<FaultKind> = [.memory, .read, .write, .full, .sync, .delete, .lock]

    private static let newRows: [Int64] = [61, 62, 63]
    private let use: ConnectionUse

    init(in directory: String) throws {
        let sample = SampleDatabase(path: directory + "/main.db")
        sample.create()
        use = ConnectionUse(sample)
        try use.open()
        try use.use { connection in
            try connection.transaction { try SampleDatabase.insert(Self.newRows, on: connection) }
        }
    }

    func run() throws { try use.close() }
    func expects(_ error: any Error) -> Bool { false }
    func problems() -> [String] { use.problems() }
    func proceed() throws { try use.proceed() }
    func close() throws { try use.close() }
    func verify(_ end: End) throws { try use.verify(end, added: Self.newRows) }
}
