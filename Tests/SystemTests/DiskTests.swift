import CofferTesting
import Glibc
import JSON
import SQLCipher
import Testing

@Suite("What is on the disk")
struct DiskTests {
    @Test("no file holds what a user wrote, their password or their token, while the server runs or after")
    func plaintext() async throws {
        try await withTemporaryDirectory { directory in
            let marker = "a-marker-that-is-nowhere-else"
            var secrets: [String] = []
            try await ServerProcess.run(in: directory) { server in
                let ada = try await server.makeUser("ada", password: "a-password-like-no-other")
                secrets = [marker, ada.password, ada.token, String(ada.token.dropFirst("cof_s_".count))]
                try await server.rows("CREATE TABLE \(marker.replacing("-", with: "_"))(v)", as: ada)
                try await server.rows(
                    "INSERT INTO \(marker.replacing("-", with: "_")) VALUES (?)", #"["\#(marker)"]"#, as: ada)
                secrets.append(marker.replacing("-", with: "_"))
                // Reading is safe: this process has none of the files open, and the locks of another process stay.
                #expect(holders(of: secrets, in: server.data) == [])
                try expectPrivate(server.data)
                #expect(try await server.stop() == .exit(0))
                #expect(holders(of: secrets, in: server.data) == [])
                try expectPrivate(server.data)
                // The name is no secret, and no path either.
                #expect(
                    FileTree.paths(under: server.data).allSatisfy { !$0.dropFirst(server.data.count).contains("ada") })
            }
        }
    }

    @Test("files are for their owner alone, whatever the caller's umask")
    func umask() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory) { server in
                _ = try await server.makeUser("ada")
                try expectPrivate(server.data)
            }
        }
    }

    @Test("plain SQLite cannot read a copy of a user's file, and neither can a wrong key")
    func strangers() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory) { server in
                let ada = try await server.makeUser("ada")
                try await server.rows("CREATE TABLE t(v)", as: ada)
                #expect(try await server.stop() == .exit(0))
            }
            let database = try #require(FileTree.paths(under: directory.path).first { $0.hasSuffix("main.db") })
            let copy = directory.file("copy.db")
            FileContent.write(FileContent.bytes(of: database), to: copy)
            let plain = try await ChildProcess.run(
                "/usr/bin/sqlite3", [copy, "SELECT count(*) FROM sqlite_schema"], in: directory.path)
            #expect(plain.ending != .exit(0))
            #expect(plain.errors.contains("not a database"))
            #expect(FileContent.bytes(of: copy).prefix(16) != Array("SQLite format 3\0".utf8)[...])
            // The salt is the file's own, so that the key alone is wrong.
            let wrongKey = [UInt8](repeating: 7, count: 32) + FileContent.bytes(of: copy).prefix(16)
            let error = #expect(throws: SQLiteError.self) {
                try wrongKey.withUnsafeBytes { key in
                    try Connection.open(ConnectionConfiguration(path: copy), key: key).close()
                }
            }
            #expect(error?.code == .notADatabase)
        }
    }

    private func expectPrivate(_ directory: String) throws {
        #expect(FileTree.permissions(of: directory) == 0o700)
        let paths = FileTree.paths(under: directory)
        #expect(paths.contains { $0.hasSuffix("main.db") })
        for path in paths {
            let expected: mode_t = FileTree.isDirectory(path) ? 0o700 : 0o600
            #expect(FileTree.permissions(of: path) == expected, "\(path)")
        }
    }

    /// The files that hold one of the texts.
    private func holders(of texts: [String], in directory: String) -> [String] {
        FileTree.paths(under: directory).filter { path in
            let bytes = FileContent.bytes(of: path)
            return texts.contains { bytes.contains(textOf: $0) }
        }
    }
}
