import Glibc

/// The directory that holds everything the server keeps: its layout, its version and its lock.
///
/// ```
/// catalog.db                                users, seals, sessions
/// server.lock                               held while a server runs
/// version                                   the layout's version, a decimal number
/// users/<first 2 digits of id>/<id>/main.db one user's encrypted database
/// users/<first 2 digits of id>/<id>/service.db what the server keeps for them, under the same key
/// users/<first 2 digits of id>/<id>/backups/ their backups
/// ```
///
/// Directories are 0700 and files 0600. The lock goes with the process, also when it is killed.
public final class DataDirectory: Sendable {
    /// The layout this build reads and writes.
    public static let supportedVersion = 1

    /// The directory's path, as it was given.
    public let path: String
    private let lock: Int32

    /// Opens the directory for the one server that may use it, and makes it if it is not there.
    public init(path: String) throws(DataDirectoryError) {
        self.path = path
        try Self.makeDirectory(path)
        guard access(path, W_OK | X_OK) == 0 else { throw .unusable(path: path, errno: errno) }
        lock = try Self.lock(path + "/server.lock")
        do {
            try Self.checkVersion(path + "/version")
            try Self.makeDirectory(path + "/users")
        } catch {
            close(lock)
            throw error
        }
    }

    deinit {
        close(lock)
    }

    /// The catalog's database file.
    public var catalogPath: String { path + "/catalog.db" }

    /// The directory of one user's files.
    public func directory(of user: UserID) -> String {
        let id = user.description
        return "\(path)/users/\(id.prefix(2))/\(id)"
    }

    /// The file of one user's database.
    public func databasePath(of user: UserID) -> String {
        directory(of: user) + "/main.db"
    }

    /// The file of what the server keeps for one user.
    public func servicePath(of user: UserID) -> String {
        directory(of: user) + "/service.db"
    }

    /// The directory of one user's backups.
    public func backupDirectory(of user: UserID) -> String {
        directory(of: user) + "/backups"
    }

    /// Makes the directory of one user's backups.
    public func makeBackupDirectory(of user: UserID) throws(DataDirectoryError) {
        try Self.makeDirectory(backupDirectory(of: user))
    }

    /// The users who have a directory. What is not named as one, or is not where it belongs, is left out.
    public func users() -> [UserID] {
        StoredFile.names(in: path + "/users")
            .flatMap { prefix in StoredFile.names(in: "\(path)/users/\(prefix)").filter { $0.prefix(2) == prefix } }
            .compactMap { UserID($0) }
    }

    /// Bytes that may still be written (https://man7.org/linux/man-pages/man3/statvfs.3.html).
    public func freeBytes() throws(DataDirectoryError) -> Int64 {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else { throw .unusable(path: path, errno: errno) }
        return Int64(
            clamping: UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize)).partialValue)
    }

    /// Makes the directory of one user's files.
    public func makeDirectory(of user: UserID) throws(DataDirectoryError) {
        let id = user.description
        try Self.makeDirectory("\(path)/users/\(id.prefix(2))")
        try Self.makeDirectory(directory(of: user))
    }

    /// Removes a user's files, backups and directory; what is already gone is no error. The engine must be closed.
    public func removeFiles(of user: UserID) throws(DataDirectoryError) {
        for directory in [backupDirectory(of: user), directory(of: user)] {
            for name in StoredFile.names(in: directory) where "\(directory)/\(name)" != backupDirectory(of: user) {
                try StoredFile.remove("\(directory)/\(name)")
            }
            guard rmdir(directory) == 0 || errno == ENOENT else { throw .unusable(path: directory, errno: errno) }
        }
    }

    /// The bytes a file takes, 0 when it is not there. Asks by path: a descriptor of ours would drop SQLite's locks.
    public static func size(ofFile path: String) -> Int64 {
        var status = stat()
        return stat(path, &status) == 0 ? Int64(status.st_size) : 0
    }

    private static func makeDirectory(_ path: String) throws(DataDirectoryError) {
        if mkdir(path, 0o700) == 0 { return }
        guard errno == EEXIST else { throw .unusable(path: path, errno: errno) }
        var status = stat()
        guard stat(path, &status) == 0 else { throw .unusable(path: path, errno: errno) }
        guard status.st_mode & S_IFMT == S_IFDIR else { throw .unusable(path: path, errno: ENOTDIR) }
    }

    private static func lock(_ path: String) throws(DataDirectoryError) -> Int32 {
        let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unusable(path: path, errno: errno) }
        guard flock(descriptor, LOCK_EX | LOCK_NB) == 0 else {
            let reason = errno
            close(descriptor)
            throw reason == EWOULDBLOCK ? .inUse(path: path) : .unusable(path: path, errno: reason)
        }
        return descriptor
    }

    private static func checkVersion(_ path: String) throws(DataDirectoryError) {
        guard let text = try read(path) else {
            try write("\(supportedVersion)\n", to: path)
            return
        }
        guard let version = Int(text.filter { !$0.isWhitespace }) else { throw .unreadableVersion(path: path) }
        guard version <= supportedVersion else { throw .newer(found: version, supported: supportedVersion) }
    }

    private static func read(_ path: String) throws(DataDirectoryError) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            if errno == ENOENT { return nil }
            throw .unusable(path: path, errno: errno)
        }
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 64)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        guard count >= 0 else { throw .unusable(path: path, errno: errno) }
        return String(decoding: bytes[..<count], as: UTF8.self)
    }

    /// Writes beside the file and renames, so that a crash leaves the old content or the new.
    private static func write(_ text: String, to path: String) throws(DataDirectoryError) {
        let partial = path + ".partial"
        let descriptor = open(partial, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unusable(path: partial, errno: errno) }
        defer { close(descriptor) }
        let bytes = Array(text.utf8)
        guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count, fsync(descriptor) == 0,
            rename(partial, path) == 0
        else { throw .unusable(path: path, errno: errno) }
    }
}

/// Why a data directory cannot be used; each is a reason not to start.
public enum DataDirectoryError: Error, Equatable, CustomStringConvertible {
    /// The path cannot be made, read or written.
    case unusable(path: String, errno: Int32)
    /// Another server holds the lock.
    case inUse(path: String)
    /// A newer Coffer wrote the directory.
    case newer(found: Int, supported: Int)
    /// The version file does not hold a number.
    case unreadableVersion(path: String)

    /// What is wrong and what to do about it.
    public var description: String {
        switch self {
        case .unusable(let path, let code):
            "cannot use \(path): \(String(cString: strerror(code))); give the server's user a directory it may write"
        case .inUse(let path):
            "another server uses this data directory (it holds \(path)); stop it, or choose another directory"
        case .newer(let found, let supported):
            "the data directory has version \(found), and this build reads up to \(supported); use a newer Coffer"
        case .unreadableVersion(let path):
            "\(path) does not hold a version number; restore the file, or choose another directory"
        }
    }
}
