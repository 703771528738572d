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
    /// `nil` for one who only looks.
    private let lock: Int32?

    /// Opens the directory for the one server that may use it, and makes it if it is not there.
    public convenience init(path: String) throws(DataDirectoryError) {
        try Self.makeDirectory(path)
        try self.init(existing: path)
    }

    /// Opens a directory that is there, for the one process that may use it: a server, or a command without one.
    public init(existing path: String) throws(DataDirectoryError) {
        self.path = path
        guard access(path, W_OK | X_OK) == 0 else { throw .unusable(path: path, errno: errno) }
        lock = try Self.lock(Self.lockPath(in: path))
        // Everything is set: what throws from here on ends with `deinit`, which gives the lock back.
        try Self.checkVersion(versionPath, writing: true)
        try Self.makeDirectory(usersPath)
    }

    /// Looks at a directory that a server may be using: nothing is made, locked or written.
    public init(observing path: String) throws(DataDirectoryError) {
        self.path = path
        lock = nil
        guard access(path, R_OK | X_OK) == 0 else { throw .unusable(path: path, errno: errno) }
        try Self.checkVersion(versionPath, writing: false)
    }

    deinit {
        if let lock { close(lock) }
    }

    /// Throws ``DataDirectoryError`` if the directory is no longer the one that was opened, or cannot be written any
    /// more. Takes some microseconds. For one who has the lock.
    public func check() throws(DataDirectoryError) {
        guard let lock else { return }
        var (held, found) = (stat(), stat())
        guard fstat(lock, &held) == 0, stat(lockPath, &found) == 0, held.st_ino == found.st_ino,
            held.st_dev == found.st_dev
        else { throw .replaced(path: path) }
        guard access(path, W_OK | X_OK) == 0 else { throw .unusable(path: path, errno: errno) }
        // A file system whose disk has failed may still answer all of that, but opens no file.
        guard try Self.read(versionPath) != nil else { throw .replaced(path: path) }
    }

    /// Whether a process that may use the directory alone, a server or a command, has it now.
    public static func isInUse(_ path: String) -> Bool {
        let descriptor = open(lockPath(in: path), O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return false }
        defer { close(descriptor) }
        return flock(descriptor, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK
    }

    /// The file whose lock a server holds while it runs.
    public var lockPath: String { Self.lockPath(in: path) }

    /// The file that holds the layout's version.
    public var versionPath: String { path + "/version" }

    /// The directory of all users' directories.
    public var usersPath: String { path + "/users" }

    /// The catalog's database file.
    public var catalogPath: String { path + "/catalog.db" }

    /// The directory of one user's files.
    public func directory(of user: UserID) -> String {
        let id = user.description
        return "\(usersPath)/\(id.prefix(2))/\(id)"
    }

    /// The file of one user's database.
    public func databasePath(of user: UserID) -> String {
        directory(of: user) + "/main.db"
    }

    /// The file of what the server keeps for one user.
    public func servicePath(of user: UserID) -> String {
        directory(of: user) + "/service.db"
    }

    /// What the directory of backups is called within a user's.
    public static let backupDirectoryName = "backups"

    /// The directory of one user's backups.
    public func backupDirectory(of user: UserID) -> String {
        "\(directory(of: user))/\(Self.backupDirectoryName)"
    }

    /// Makes the directory of one user's backups.
    public func makeBackupDirectory(of user: UserID) throws(DataDirectoryError) {
        try Self.makeDirectory(backupDirectory(of: user))
    }

    /// The users who have a directory. What is not named as one, or is not where it belongs, is left out.
    public func users() -> [UserID] {
        var users: [UserID] = []
        for prefix in StoredFile.names(in: usersPath) {
            StoredFile.forEachName(in: "\(usersPath)/\(prefix)") { name in
                if name.prefix(2).elementsEqual(prefix.utf8), let user = UserID(name) { users.append(user) }
            }
        }
        return users
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
        try Self.makeDirectory("\(usersPath)/\(id.prefix(2))")
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

    private static func lockPath(in path: String) -> String { path + "/server.lock" }

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

    private static func checkVersion(_ path: String, writing: Bool) throws(DataDirectoryError) {
        guard let text = try read(path) else {
            if writing { try write("\(supportedVersion)\n", to: path) }
            return
        }
        guard let version = Int(text.filter { !$0.isWhitespace }), version >= 1 else {
            throw .unreadableVersion(path: path)
        }
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
