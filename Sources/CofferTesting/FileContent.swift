import Glibc

/// Whole files, for tests that prepare and inspect them. Not for a database that this process has open: closing the
/// descriptor would drop SQLite's locks.
public enum FileContent {
    /// Makes or replaces a file. Traps if it cannot.
    public static func write(_ bytes: [UInt8], to path: String, mode: mode_t = 0o600) {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        precondition(descriptor >= 0, "cannot write \(path): errno \(errno)")
        defer { close(descriptor) }
        var written = 0
        while written < bytes.count {
            let count = bytes.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress! + written, $0.count - written) }
            precondition(count > 0, "cannot write \(path): errno \(errno)")
            written += count
        }
    }

    /// Makes or replaces a file. Traps if it cannot.
    public static func write(_ text: String, to path: String) {
        write(Array(text.utf8), to: path)
    }

    /// Everything in a file; nothing if it is not there.
    public static func bytes(of path: String) -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return [] }
        defer { close(descriptor) }
        var content: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = read(descriptor, &buffer, buffer.count)
            guard count > 0 else { return content }
            content += buffer[..<count]
        }
    }

    /// A file as text; what is not UTF-8 is replaced.
    public static func text(of path: String) -> String {
        String(decoding: bytes(of: path), as: UTF8.self)
    }
}
