import Accounts
import Backups
import CofferTesting
import FaultInjection
import Glibc
import SQLCipher
import Synchronization
import Testing

extension FaultSuite {
    @Test("exporting a database under a passphrase")
    func exportEncrypted() async throws { try await FaultRun<ExportScenario<EncryptedForm>>().run() }

    @Test("exporting a plain database")
    func exportPlain() async throws { try await FaultRun<ExportScenario<PlainForm>>().run() }

    @Test("exporting SQL text")
    func exportText() async throws { try await FaultRun<ExportScenario<TextForm>>().run() }
}

private protocol ExportForm {
    static var name: String { get }
    /// What strikes the writing of the form.
    static var reached: Set<FaultKind> { get }

    static func bytes(from world: BackupWorld) async throws -> [UInt8]

    /// Opens what was exported. Nothing is at `path` yet.
    static func open(_ bytes: [UInt8], at path: String) throws -> Connection
}

/// A whole database leaves the server: what is acknowledged is complete.
private final class ExportScenario<Form: ExportForm>: FaultScenario {
    static var name: String { Form.name }
    static var reached: Set<FaultKind> { Form.reached.union([.memory, .open, .read, .shortRead, .size]) }
    static var stride: FaultStride { .sparse }

    private let world: BackupWorld
    private let prepared: PreparedBackups
    private let exported = Mutex<[UInt8]?>(nil)

    init(in directory: String) async throws { (world, prepared) = try await PreparedBackups.world(in: directory) }

    func run() async throws {
        try await world.settling {
            let bytes = try await Form.bytes(from: world)
            exported.withLock { $0 = bytes }
        }
    }

    func problems() -> [String] { world.problems() }

    func proceed() async throws {
        _ = try await Form.bytes(from: world)
        try await world.proceed()
    }

    func close() async throws { try await world.close() }

    func verify(_ end: End) async throws {
        let remains = try await Remains.find(end, prepared)
        try remains.requireUnchanged(prepared)
        try require(remains.missing == 0, "\(remains.missing) backups without a file")
        guard end.error == nil, !end.isCrash, let bytes = exported.withLock({ $0 }) else { return }
        let connection = try Form.open(bytes, at: end.directory + "/exported")
        defer { _ = try? connection.close() }
        let rows = try SampleDatabase.checkedContent(on: connection)
        try require(rows == BackupWorld.present, "exported rows \(rows.sorted())")
    }
}

private enum EncryptedForm: ExportForm {
    static let name = "export under a passphrase"
    static let reached: Set<FaultKind> = [.write, .full, .sync]

    static func bytes(from world: BackupWorld) async throws -> [UInt8] {
        let export = try await world.backups.exportEncrypted(
            with: world.access, passphrase: ForeignSample.passphrase())
        guard let descriptor = export.takeDescriptor() else { throw Broken("there is no file") }
        defer { Glibc.close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: Int(export.byteCount))
        let count = pread(descriptor, &bytes, bytes.count, 0)
        try require(count == bytes.count, "\(count) bytes of \(bytes.count)")
        return bytes
    }

    static func open(_ bytes: [UInt8], at path: String) throws -> Connection {
        FileContent.write(bytes, to: path)
        return try ForeignSample.open(path, isPlain: false)
    }
}

private enum PlainForm: ExportForm {
    static let name = "export as a plain database"
    static let reached: Set<FaultKind> = [.write, .full]

    static func bytes(from world: BackupWorld) async throws -> [UInt8] {
        let collected = CollectedBytes()
        try await world.backups.exportPlain(with: world.access).write { collected.append($0) }
        return collected.bytes
    }

    static func open(_ bytes: [UInt8], at path: String) throws -> Connection {
        FileContent.write(bytes, to: path)
        return try ForeignSample.open(path, isPlain: true)
    }
}

private enum TextForm: ExportForm {
    static let name = "export as SQL text"
    static let reached: Set<FaultKind> = []

    static func bytes(from world: BackupWorld) async throws -> [UInt8] {
        let collected = CollectedBytes()
        try await world.backups.exportText(with: world.access).write { collected.append($0) }
        return collected.bytes
    }

    static func open(_ bytes: [UInt8], at path: String) throws -> Connection {
        FileContent.write([], to: path)
        let writer = try ForeignSample.open(path, isPlain: true)
        do {
            try writer.setShadowTablesWritable(true)
            try writer.execute(String(decoding: bytes, as: UTF8.self))
            try writer.close()
        } catch {
            try writer.close()
            throw error
        }
        // The virtual tables are there for whoever opens it anew.
        return try ForeignSample.open(path, isPlain: true)
    }
}

private final class CollectedBytes: Sendable {
    private let content = Mutex<[UInt8]>([])

    var bytes: [UInt8] { content.withLock { $0 } }

    func append(_ piece: [UInt8]) { content.withLock { $0 += piece } }
}
