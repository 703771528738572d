import CofferTesting
import Glibc
import JSON
import Testing

@Suite("When the machine has no more to give")
struct ExhaustionTests {
    private static let insertion = #"{"sql":"INSERT INTO t(w) VALUES (randomblob(50000))"}"#

    @Test(
        "on a full disk writes are refused, reads go on, and there is nothing to repair when it has room again",
        .enabled("this process may not mount") { await SmallDisk.canBeMounted() })
    func fullDisk() async throws {
        try await withTemporaryDirectory { directory in
            try await SmallDisk.run(at: directory.file("data"), mebibytes: 3) { disk in
                try await ServerProcess.run(in: directory) { server in
                    let ada = try await server.makeUser("ada")
                    try await server.rows("CREATE TABLE t(v INTEGER PRIMARY KEY, w BLOB)", as: ada)
                    var written = 0
                    var refusal = try await server.call("POST", "/v1/query", as: ada, json: Self.insertion)
                    while refusal.status == 200 {
                        written += 1
                        try #require(written < 200, "the disk does not fill")
                        refusal = try await server.call("POST", "/v1/query", as: ada, json: Self.insertion)
                    }
                    #expect(refusal.status == 507 && refusal.text.contains("database_full"), "\(refusal.text)")
                    try await expect(server, toHave: written, as: ada)
                    #expect(try await server.call("GET", "/health/live").status == 200)
                    let registration = try await server.call(
                        "POST", "/v1/users", json: #"{"username":"grace","password":"correct horse"}"#)
                    #expect([201, 503, 507].contains(registration.status), "\(registration)")
                    try await disk.resize(mebibytes: 16)
                    try await server.rows("INSERT INTO t(w) VALUES (randomblob(50000))", as: ada)
                    _ = try await server.makeUser("alan")
                    try await expect(server, toHave: written + 1, as: ada)
                    #expect(try await server.stop() == .exit(0))
                }
            }
        }
    }

    @Test("files that may not grow further are an error of the write, and nothing acknowledged is lost")
    func fileSizeLimit() async throws {
        try await withTemporaryDirectory { directory in
            var user: SystemUser?
            var written = 0
            // The shell counts in blocks of 512 bytes; a log may grow to 4 MiB by itself.
            try await ServerProcess.run(in: directory, limit: "-f 4096") { server in
                let ada = try await server.makeUser("ada")
                user = ada
                try await server.rows("CREATE TABLE t(v INTEGER PRIMARY KEY, w BLOB)", as: ada)
                var refused = 0
                while refused < 5 {
                    let reply = try await server.call("POST", "/v1/query", as: ada, json: Self.insertion)
                    if reply.status == 200 { written += 1 } else { refused += 1 }
                    #expect([200, 503, 507].contains(reply.status), "\(reply.text)")
                    try #require(written < 1_000, "nothing stops the files")
                }
                try await expect(server, toHave: written, as: ada)
                #expect(try await server.stop() == .exit(0))
            }
            let ada = try #require(user)
            try await ServerProcess.run(in: directory) { server in
                try await expect(server, toHave: written, as: ada)
                try await server.rows("INSERT INTO t(w) VALUES (randomblob(50000))", as: ada)
                #expect(try await server.stop() == .exit(0))
            }
        }
    }

    @Test("without descriptors what is open goes on, what must be opened is refused, and later it opens")
    func descriptors() async throws {
        try await withTemporaryDirectory { directory in
            try await ServerProcess.run(in: directory, limit: "-n 256") { server in
                let ada = try await server.makeUser("ada")
                let grace = try await server.makeUser("grace")
                try await server.rows("CREATE TABLE t(v INTEGER PRIMARY KEY, w BLOB)", as: ada)
                try await expect(server, toHave: 0, as: ada)
                // The server has counted on 256, and now gets none. What is limited is their numbers.
                let held = Self.descriptors(of: server.process.id)
                let lowestFree = try #require((0...256).first { !held.contains($0) })
                try await Self.limitDescriptors(of: server.process.id, to: lowestFree, in: directory)
                try await server.rows("INSERT INTO t(w) VALUES (x'01')", as: ada)
                let query = try await server.call("POST", "/v1/query", as: grace, json: #"{"sql":"SELECT 1"}"#)
                #expect(query.status == 503, "\(query.text)")
                let registration = try await server.call(
                    "POST", "/v1/users", json: #"{"username":"alan","password":"correct horse"}"#)
                #expect(registration.status == 503, "\(registration.text)")
                #expect(Self.descriptors(of: server.process.id) == held)
                try await Self.limitDescriptors(of: server.process.id, to: 256, in: directory)
                try await server.rows("SELECT 1", as: grace)
                _ = try await server.makeUser("alan")
                try await expect(server, toHave: 1, as: ada)
                #expect(try await server.stop() == .exit(0))
            }
        }
    }

    private func expect(_ server: ServerProcess, toHave rows: Int, as user: SystemUser) async throws {
        let count = try await server.rows("SELECT count(*) FROM t", as: user)
        #expect(count == .array([.array([.integer(Int64(rows))])]))
        let check = try await server.rows("PRAGMA integrity_check", as: user)
        #expect(check == .array([.array([.string("ok")])]))
    }

    /// The descriptors that another process has open.
    private static func descriptors(of process: pid_t) -> Set<Int> {
        let directory = "/proc/\(process)/fd"
        return Set(FileTree.paths(under: directory).compactMap { Int($0.dropFirst(directory.count + 1)) })
    }

    /// Sets the soft limit, so that it can be raised again. https://man7.org/linux/man-pages/man1/prlimit.1.html
    private static func limitDescriptors(
        of process: pid_t, to count: Int, in directory: TemporaryDirectory
    ) async throws {
        let outcome = try await ChildProcess.run(
            "/usr/bin/prlimit", ["--pid", "\(process)", "--nofile=\(count):256"], in: directory.path)
        try #require(outcome.ending == .exit(0), "\(outcome.errors)")
    }
}

/// A file system in memory that is soon full.
struct SmallDisk {
    let path: String

    /// Whether this process may mount: being root is not enough in a container.
    static func canBeMounted() async -> Bool {
        await withTemporaryDirectory { directory in
            (try? await run(at: directory.file("disk"), mebibytes: 1) { _ in }) != nil
        }
    }

    /// Mounts one at a path that is made for it, and takes it away when `body` has ended.
    static func run(at path: String, mebibytes: Int, _ body: (SmallDisk) async throws -> Void) async throws {
        FileTree.makeDirectory(path)
        let disk = SmallDisk(path: path)
        try await disk.command("/bin/mount", ["-t", "tmpfs", "-o", "size=\(mebibytes)m,mode=0700", "tmpfs", path])
        do {
            try await body(disk)
        } catch {
            try await disk.unmount()
            throw error
        }
        try await disk.unmount()
    }

    func resize(mebibytes: Int) async throws {
        try await command("/bin/mount", ["-o", "remount,size=\(mebibytes)m", path])
    }

    private func unmount() async throws {
        try await command("/bin/umount", [path])
    }

    private func command(_ program: String, _ arguments: [String]) async throws {
        try await withTemporaryDirectory { directory in
            let outcome = try await ChildProcess.run(program, arguments, in: directory.path)
            guard outcome.ending == .exit(0) else { throw Refused(errors: outcome.errors) }
        }
    }

    private struct Refused: Error {
        let errors: String
    }
}
