import CofferTesting
import Glibc
import Testing

@testable import UserEngines

@Suite struct DataDirectoryTests {
    private func mode(_ path: String) -> mode_t {
        var status = stat()
        return stat(path, &status) == 0 ? status.st_mode & 0o777 : 0
    }

    @Test("a new directory is made with its version, for its owner alone")
    func creation() throws {
        try withTemporaryDirectory { directory in
            let path = directory.path + "/data"
            let data = try DataDirectory(path: path)
            #expect(mode(path) == 0o700)
            #expect(mode(path + "/users") == 0o700)
            #expect(mode(path + "/version") == 0o600)
            #expect(mode(path + "/server.lock") == 0o600)
            withExtendedLifetime(data) {}
        }
    }

    @Test("the users with a directory are found, and nothing else")
    func users() throws {
        try withTemporaryDirectory { directory in
            let path = directory.path + "/data"
            let data = try DataDirectory(path: path)
            let users = [UserID(), UserID()]
            for user in users { try data.makeDirectory(of: user) }
            let id = UserID().description
            for name in ["zz", "zz/\(id)", "no-prefix", "\(users[0])".prefix(2) + "/lost+found"] {
                FileTree.makeDirectory("\(path)/users/\(name)")
            }
            FileContent.write("", to: path + "/users/00.txt")
            let found = data.users()
            #expect(found.count == 2 && Set(found) == Set(users))
        }
    }

    @Test("an id reads what it writes, from text and from bytes, and nothing else")
    func ids() {
        for _ in 0..<100 {
            let id = UserID()
            #expect(UserID(id.description) == id)
            #expect(UserID(Array(id.description.utf8)) == id)
        }
        let text = "0123456789abcdef00fedcba98765432"
        #expect(UserID(text)?.description == text)
        for wrong in ["", "\(text)0", String(text.dropLast()), text.uppercased(), "\(text.dropLast())g"] {
            #expect(UserID(wrong) == nil)
        }
    }

    @Test("the name of what is not complete is known as such, and that of what SQLite puts beside it")
    func partialNames() {
        for name in [".partial", "main.db.partial", "main.db.partial-wal", "temporary-1.partial"] {
            #expect(StoredFile.isPartial(name))
        }
        for name in ["", "main.db", "partial", "main.db-wal", "main.db.part", ".partia"] {
            #expect(!StoredFile.isPartial(name))
        }
    }

    @Test("a second server is refused, and may start when the first has gone")
    func lock() throws {
        try withTemporaryDirectory { directory in
            let path = directory.path + "/data"
            var first: DataDirectory? = try DataDirectory(path: path)
            #expect(throws: DataDirectoryError.inUse(path: path + "/server.lock")) { try DataDirectory(path: path) }
            withExtendedLifetime(first) {}
            first = nil
            _ = try DataDirectory(path: path)
        }
    }

    @Test("a directory of a newer version, and one without a number for a version, are refused and left alone")
    func version() throws {
        try withTemporaryDirectory { directory in
            let path = directory.path + "/data"
            _ = try DataDirectory(path: path)
            try write("2\n", to: path + "/version")
            #expect(throws: DataDirectoryError.newer(found: 2, supported: 1)) { try DataDirectory(path: path) }
            try write("soon", to: path + "/version")
            #expect(throws: DataDirectoryError.unreadableVersion(path: path + "/version")) {
                try DataDirectory(path: path)
            }
        }
    }

    @Test("a directory in use is checked: another one in its place is noticed, and one that has lost its files")
    func check() throws {
        try withTemporaryDirectory { directory in
            let path = directory.path + "/data"
            let data = try DataDirectory(path: path)
            try data.check()
            for lost in ["server.lock", "version"] {
                rename("\(path)/\(lost)", "\(path)/moved")
                #expect(throws: DataDirectoryError.replaced(path: path), "\(lost)") { try data.check() }
                rename("\(path)/moved", "\(path)/\(lost)")
                try data.check()
            }
            rename(path, path + "-moved")
            _ = try DataDirectory(path: path)
            #expect(throws: DataDirectoryError.replaced(path: path)) { try data.check() }
        }
    }

    @Test("a path that is a file, and one below a file, are refused")
    func notADirectory() throws {
        try withTemporaryDirectory { directory in
            let file = directory.path + "/file"
            try write("", to: file)
            #expect(throws: DataDirectoryError.unusable(path: file, errno: ENOTDIR)) { try DataDirectory(path: file) }
            #expect(throws: DataDirectoryError.unusable(path: file + "/x", errno: ENOTDIR)) {
                try DataDirectory(path: file + "/x")
            }
        }
    }

    private func write(_ text: String, to path: String) throws {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
        try #require(descriptor >= 0)
        defer { close(descriptor) }
        try #require(Glibc.write(descriptor, text, text.utf8.count) == text.utf8.count)
    }
}

@Suite struct UserIDTests {
    @Test("an id reads back from its text, and nothing else does")
    func text() {
        let id = UserID()
        #expect(UserID(id.description) == id)
        #expect(id.description.utf8.count == 32)
        let others = ["", "0", String(repeating: "g", count: 32), String(repeating: "A", count: 32), "../\(id)"]
        for text in others { #expect(UserID(text) == nil) }
    }
}
