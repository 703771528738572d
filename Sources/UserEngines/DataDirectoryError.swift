import Glibc

/// Why a data directory cannot be used; each is a reason not to start.
public enum DataDirectoryError: Error, Equatable, CustomStringConvertible {
    /// The path cannot be made, read or written.
    case unusable(path: String, errno: Int32)
    /// Another server, or a command, holds the lock.
    case inUse(path: String)
    /// There is another directory at the path now, or none.
    case replaced(path: String)
    /// A newer Coffer wrote the directory.
    case newer(found: Int, supported: Int)
    /// The version file does not hold a number.
    case unreadableVersion(path: String)

    /// What is wrong and what to do about it.
    public var description: String {
        switch self {
        case .unusable(let path, let code):
            "cannot use \(path): \(String(cString: strerror(code))); \(Self.advice(on: path, code))"
        case .inUse(let path):
            "another server uses this data directory (it holds \(path)); stop it, or choose another directory"
        case .replaced(let path):
            "\(path) is not the directory that was opened at the start; bring its volume back, and start again"
        case .newer(let found, let supported):
            "the data directory has version \(found), and this build reads up to \(supported); use a newer Coffer"
        case .unreadableVersion(let path):
            "\(path) does not hold a version number; restore the file, or choose another directory"
        }
    }

    private static func advice(on path: String, _ code: Int32) -> String {
        switch code {
        case EROFS: "mount its volume writable"
        case ENOSPC, EDQUOT: "free disk space"
        case EIO: "its disk has failed"
        case EACCES, EPERM: owner(of: path) + "give the server's user a directory it may write"
        default: "give the server's user a directory it may write"
        }
    }

    /// Whose the path, or what holds it, is, and who asked: in a container both are bare numbers.
    private static func owner(of path: String) -> String {
        var status = stat()
        let parent = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        guard stat(path, &status) == 0 || stat(parent.isEmpty ? "." : parent, &status) == 0 else { return "" }
        return "it belongs to user \(status.st_uid), and this process runs as user \(geteuid()): "
    }
}
