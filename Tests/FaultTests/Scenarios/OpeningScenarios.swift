import CofferTesting
import FaultInjection
import SQLCipher
import Synchronization
import Testing

extension FaultSuite {
    @Test("opening a file with its key")
    func opening() async throws { try await FaultRun<OpeningScenario>().run() }

    @Test("opening a file whose log a crash has left")
    func recovery() async throws { try await FaultRun<RecoveryScenario>().run() }

    @Test("making a file")
    func creating() async throws { try await FaultRun<CreatingScenario>().run() }
}

/// A file is opened, and its key proved.
private struct OpeningScenario: FaultScenario {
    static let name = "open with key"
    static let reached: Set<FaultKind> = [.memory, .open, .read, .shortRead, .size, .lock, .indexMap, .indexLock]

    private let use: ConnectionUse

    init(in directory: String) {
        let sample = SampleDatabase(path: directory + "/main.db")
        sample.create()
        use = ConnectionUse(sample)
    }

    func run() throws { try use.open() }
    func problems() -> [String] { use.problems() }
    func proceed() throws { try use.proceed() }
    func close() throws { try use.close() }
    func verify(_ end: End) throws { try use.verify(end, added: []) }
}

/// The same of a file whose last process was killed: all its newer rows are in the log.
private struct RecoveryScenario: FaultScenario {
    static let name = "open after a crash"
    static let reached: Set<FaultKind> = [.memory, .open, .read, .size, .lock, .indexMap, .indexLock]

    private static let newRows: [Int64] = [31, 32, 33]
    private let use: ConnectionUse

    init(in directory: String) throws {
        let sample = SampleDatabase(path: directory + "/main.db")
        sample.create()
        let connection = try sample.open()
        try connection.transaction { try SampleDatabase.insert(Self.newRows, on: connection) }
        let log = FileContent.bytes(of: sample.path + "-wal")
        try connection.close()
        sample.create()
        FileContent.write(log, to: sample.path + "-wal")
        use = ConnectionUse(sample)
    }

    func run() throws { try use.open() }
    func problems() -> [String] { use.problems() }
    func proceed() throws { try use.proceed() }
    func close() throws { try use.close() }
    func verify(_ end: End) throws { try use.verify(end, added: Self.newRows) }
}

/// A new file is made: it is encrypted, or it is not there.
private struct CreatingScenario: FaultScenario {
    static let name = "make a file"
    static let reached: Set<FaultKind> = [.memory, .open, .read, .write, .full, .sync, .delete, .lock, .unlock]

    private let sample: SampleDatabase

    init(in directory: String) {
        sample = SampleDatabase(path: directory + "/main.db")
    }

    func run() throws { try sample.open(createIfMissing: true).close() }

    func proceed() throws {
        let connection = try sample.open(createIfMissing: true)
        do {
            try connection.execute(SampleDatabase.schema)
            try SampleDatabase.insert([1], on: connection)
        } catch {
            try connection.close()
            throw error
        }
        try connection.close()
    }

    func close() {}

    func verify(_ end: End) throws {
        let sample = SampleDatabase(path: end.directory + "/main.db")
        guard !end.isCrash else {
            let files = FileTree.paths(under: end.directory)
            if end.error != nil { return try require(files.isEmpty, "the failure has left \(files)") }
            return try requireEncrypted(sample.path)
        }
        try requireEncrypted(sample.path)
        try require(try sample.checkedRows() == [1], "the new file is not as it was written")
    }

    private func requireEncrypted(_ path: String) throws {
        // https://www.sqlite.org/fileformat.html#magic_header_string
        try require(!FileContent.bytes(of: path).starts(with: "SQLite format 3".utf8), "a file is not encrypted")
    }
}
