import Accounts
import CofferTesting
import SQLCipher

/// The files that a ``BackupWorld`` begins with. Made once: a copy is quicker.
struct PreparedBackups: Sendable {
    /// The first one's number in the service database's header is the backup's, the second one the database's.
    static let marks: (backedUp: Int64, present: Int64) = (1, 2)

    let token: SessionToken
    let backup: BackupRecord
    /// The key of the databases.
    let key: [UInt8]
    private let content: [(path: String, bytes: [UInt8]?)]

    private static let prepared = Task { try await make() }

    /// A world that has been opened, and used by nobody yet.
    static func world(in directory: String, keep: Int = 7) async throws -> (BackupWorld, PreparedBackups) {
        let prepared = try await files(in: directory)
        let world = try BackupWorld(in: directory, token: prepared.token, keep: keep)
        try await world.open()
        return (world, prepared)
    }

    /// The same, not opened.
    static func files(in directory: String) async throws -> PreparedBackups {
        let prepared = try await prepared.value
        for (path, bytes) in prepared.content {
            if let bytes {
                FileContent.write(bytes, to: directory + path)
            } else {
                FileTree.makeDirectory(directory + path)
            }
        }
        return prepared
    }

    private static func make() async throws -> PreparedBackups {
        try await withTemporaryDirectory { directory in
            let accounts = try AccountWorld(in: directory.path)
            try await accounts.open()
            try await accounts.register("ada")
            let token = try await accounts.login("ada").token
            try await accounts.close()

            let world = try BackupWorld(in: directory.path, token: token)
            try await world.open()
            try await world.run(SampleDatabase.schema)
            for id in SampleDatabase.initialRows.sorted() { try await world.insert(id) }
            for statement in SampleObjects.statements { try await world.run(statement) }
            try await world.mark(marks.backedUp)
            let backup = try await world.backUp()
            for id in BackupWorld.present.subtracting(BackupWorld.backedUp) { try await world.insert(id) }
            try await world.mark(marks.present)
            let key = try await world.access.dataKey(in: world.engines).withUnsafeBytes { Array($0) }
            try await world.close()
            return PreparedBackups(token: token, backup: backup, key: key, content: content(of: directory.path))
        }
    }

    private static func content(of directory: String) -> [(path: String, bytes: [UInt8]?)] {
        FileTree.paths(under: directory).map { path in
            (String(path.dropFirst(directory.count)), FileTree.isDirectory(path) ? nil : FileContent.bytes(of: path))
        }
    }
}
