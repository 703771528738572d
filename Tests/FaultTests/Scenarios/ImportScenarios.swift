import Accounts
import Backups
import FaultInjection
import Testing

extension FaultSuite {
    @Test("importing a plain database")
    func importPlain() async throws { try await FaultRun<ImportScenario<PlainArrival>>().run() }

    @Test("importing a database under a passphrase")
    func importEncrypted() async throws { try await FaultRun<ImportScenario<EncryptedArrival>>().run() }
}

private protocol Arrival {
    static var name: String { get }
    static var isPlain: Bool { get }
}

private enum PlainArrival: Arrival {
    static let name = "import a plain database"
    static let isPlain = true
}

private enum EncryptedArrival: Arrival {
    static let name = "import under a passphrase"
    static let isPlain = false
}

/// A database that somebody sends replaces the user's: it is the old one or the new one.
private final class ImportScenario<Form: Arrival>: FaultScenario {
    static var name: String { Form.name }
    static var reached: Set<FaultKind> {
        [.memory, .open, .read, .write, .full, .sync, .size, .rename, .link, .nameSync]
    }
    static var stride: FaultStride { .sparse }

    private let world: BackupWorld
    private let prepared: PreparedBackups
    private let foreign: [UInt8]

    init(in directory: String) async throws {
        foreign = try Form.isPlain ? ForeignSample.plain : ForeignSample.encrypted
        (world, prepared) = try await PreparedBackups.world(in: directory)
        try await world.run("SELECT 1")
    }

    func run() async throws {
        try await world.settling {
            let (body, continuation) = AsyncStream.makeStream(of: [UInt8].self)
            for start in Swift.stride(from: 0, to: foreign.count, by: 10_000) {
                continuation.yield(Array(foreign[start..<min(start + 10_000, foreign.count)]))
            }
            continuation.finish()
            let passphrase = try Form.isPlain ? nil : ForeignSample.passphrase()
            _ = try await world.backups.importDatabase(
                of: world.access, from: body, byteCount: Int64(foreign.count), passphrase: passphrase)
        }
    }

    /// SQLCipher takes another salt where it cannot read the file's, and then the passphrase does not fit. A virtual table that
    /// cannot be read has sometimes no code for it but that of any error.
    func expects(_ error: any Error) -> Bool {
        switch error as? BackupError {
        case .invalidDatabase(["no database, or another passphrase"]): !Form.isPlain
        case .invalidDatabase(["SQLITE_ERROR"]): true
        default: ExpectedError.contains(error)
        }
    }

    func problems() -> [String] { world.problems() }

    func proceed() async throws { try await world.proceed() }

    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        let remains = try await Remains.find(end, prepared)
        try remains.requireBackup(prepared)
        try require(remains.mark == PreparedBackups.marks.present, "the service database is another one")
        let isReplaced = remains.rows == ForeignSample.rows
        try require(isReplaced || remains.rows == BackupWorld.present, "rows \(remains.rows.sorted())")
        if end.error == nil {
            try require(isReplaced, "the database is the old one")
            try require(remains.missing == 0, "\(remains.missing) backups without a file")
        }
        let safety = remains.backups.filter { $0.record.kind == .safety }.map(\.rows)
        try require(safety.allSatisfy { $0 == BackupWorld.present }, "safety backups \(safety.map { $0.sorted() })")
        if isReplaced { try require(safety.count == 1, "\(safety.count) safety backups") }
    }
}
