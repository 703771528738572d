import Glibc

/// A directory of one test's own, mode 0700, removed with everything in it when the last reference goes.
///
/// `withTemporaryDirectory` in a test body is the safe form: the optimizer may release a reference after its last use.
public final class TemporaryDirectory: Sendable {
    /// The absolute path, without a trailing slash and without symbolic links.
    public let path: String

    /// Makes the directory under `TMPDIR`, or `/tmp` where that is not set. Traps if it cannot.
    public init() {
        let parent = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
        var template = Array("\(parent)/coffer-test-XXXXXX".utf8CString)
        let made = template.withUnsafeMutableBufferPointer { buffer -> String? in
            guard mkdtemp(buffer.baseAddress!) != nil, let resolved = realpath(buffer.baseAddress!, nil) else {
                return nil
            }
            defer { free(resolved) }
            return String(cString: resolved)
        }
        guard let made else { preconditionFailure("no temporary directory in \(parent): errno \(errno)") }
        path = made
    }

    /// The path of a file or folder directly inside; nothing is created.
    public func file(_ name: String) -> String { "\(path)/\(name)" }

    /// The names of what is directly inside, sorted.
    public var entries: [String] { Self.entries(of: path).sorted() }

    deinit {
        Self.removeTree(path)
    }

    private static func entries(of directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = name(of: entry)
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// Removes what a path names, a folder after its entries; a symbolic link is removed, not followed.
    private static func removeTree(_ path: String) {
        if unlink(path) == 0 { return }
        for name in entries(of: path) { removeTree("\(path)/\(name)") }
        rmdir(path)
    }
}

/// Runs `body` with a temporary directory that exists until it returns.
public func withTemporaryDirectory<Result>(
    _ body: (TemporaryDirectory) throws -> Result
) rethrows -> Result {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    return try body(directory)
}

/// Runs an asynchronous `body` with a temporary directory that exists until it returns.
public func withTemporaryDirectory<Result>(
    isolation: isolated (any Actor)? = #isolation, _ body: (TemporaryDirectory) async throws -> Result
) async rethrows -> Result {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    return try await body(directory)
}
