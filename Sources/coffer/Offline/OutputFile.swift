import Glibc
import Synchronization
import UserEngines

/// A file that a command makes: it has its name once it is complete, and `.partial` behind it until then. For its owner
/// alone.
final class OutputFile: Sendable {
    private let path: String
    private let replaces: Bool
    private let descriptor: Int32
    private let isComplete = Atomic(false)

    private var partial: String { path + StoredFile.partialSuffix }

    /// Whether that name is still this file's: another command that replaces takes it.
    private var isNamed: Bool {
        var (opened, named) = (stat(), stat())
        return fstat(descriptor, &opened) == 0 && lstat(partial, &named) == 0 && opened.st_ino == named.st_ino
            && opened.st_dev == named.st_dev
    }

    /// - Parameter replaces: whether a file of that name is replaced; otherwise one is an error.
    init(_ path: String, replaces: Bool) throws {
        self.path = path
        self.replaces = replaces
        var status = stat()
        guard replaces || lstat(path, &status) != 0 else { throw Self.exists(path) }
        if replaces { unlink(path + StoredFile.partialSuffix) }
        descriptor = open(
            path + StoredFile.partialSuffix, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else {
            if errno == EEXIST { throw Self.exists(path + StoredFile.partialSuffix) }
            throw Self.failed(path)
        }
    }

    deinit {
        if !isComplete.load(ordering: .relaxed), isNamed { unlink(partial) }
        close(descriptor)
    }

    func write(_ bytes: [UInt8]) throws {
        try bytes.withUnsafeBytes { bytes in
            var written = 0
            while written < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress! + written, bytes.count - written)
                if count < 0 && errno == EINTR { continue }
                guard count > 0 else { throw Self.failed(path) }
                written += count
            }
        }
    }

    /// Writes what is left of another file.
    func write(contentOf source: Int32) throws {
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        while true {
            let count = Glibc.read(source, &piece, piece.count)
            if count < 0 && errno == EINTR { continue }
            guard count >= 0 else { throw Self.failed(path) }
            if count == 0 { return }
            try write(Array(piece[..<count]))
        }
    }

    /// Gives the file its name, when all of it is on the disk.
    func complete() throws {
        guard fsync(descriptor) == 0 else { throw Self.failed(path) }
        guard isNamed else { throw CommandError("another command writes \(path)") }
        if replaces {
            guard rename(partial, path) == 0 else { throw Self.failed(path) }
        } else {
            // Unlike rename, this never takes the place of a file that has appeared meanwhile.
            guard link(partial, path) == 0 else { throw errno == EEXIST ? Self.exists(path) : Self.failed(path) }
            unlink(partial)
        }
        isComplete.store(true, ordering: .relaxed)
    }

    private static func exists(_ path: String) -> CommandError {
        CommandError("\(path) exists; choose another name, or replace it with --force")
    }

    private static func failed(_ path: String) -> CommandError {
        CommandError("cannot write \(path): \(String(cString: strerror(errno)))")
    }
}
