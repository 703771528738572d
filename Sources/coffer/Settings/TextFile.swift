import Glibc
import Secrets

/// Reads small files that an operator wrote.
enum TextFile {
    struct Unreadable: Error {
        let reason: String
    }

    /// The content of a file that is no larger than `limit`. No other copy of it stays in memory.
    static func bytes(of path: String, atMost limit: Int = 1 << 20) throws -> [UInt8] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw Unreadable(reason: String(cString: strerror(errno))) }
        defer { close(descriptor) }
        var content = [UInt8](repeating: 0, count: limit)
        defer { content.wipe() }
        var length = 0
        while length < content.count {
            let count = content.withUnsafeMutableBytes { read(descriptor, $0.baseAddress! + length, $0.count - length) }
            guard count >= 0 else { throw Unreadable(reason: String(cString: strerror(errno))) }
            if count == 0 { return Array(content[..<length]) }
            length += count
        }
        throw Unreadable(reason: "it is larger than \(limit >> 10) KiB")
    }
}
