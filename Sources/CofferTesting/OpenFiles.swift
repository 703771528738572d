import Glibc

/// The files that a process holds open, as `/proc/…/fd` tells.
public enum OpenFiles {
    /// The paths of all open descriptors under `directory`, one entry per descriptor, sorted.
    ///
    /// A file that was unlinked while open keeps its path with ` (deleted)` after it, so it is found too. Taking the
    /// snapshot opens no file under `directory`, which would drop SQLite's POSIX locks when closed.
    public static func paths(under directory: String) -> [String] {
        links(under: directory).map(\.target).sorted()
    }

    /// What is in the files that were unlinked under `directory` while open.
    public static func contentOfUnlinked(under directory: String) -> [[UInt8]] {
        links(under: directory).filter { $0.target.hasSuffix(" (deleted)") }.map { FileContent.bytes(of: $0.link) }
    }

    /// The same of all that another process holds open, whatever it is; sockets and the like have a name with their
    /// number.
    public static func paths(ofProcess process: pid_t) -> [String] {
        links(in: "/proc/\(process)/fd").map(\.target).sorted()
    }

    private static func links(under directory: String) -> [(link: String, target: String)] {
        let prefix = directory.hasSuffix("/") ? directory : directory + "/"
        return links(in: "/proc/self/fd").filter { $0.target.hasPrefix(prefix) }
    }

    private static func links(in descriptors: String) -> [(link: String, target: String)] {
        guard let stream = opendir(descriptors) else {
            preconditionFailure("\(descriptors) cannot be read: errno \(errno)")
        }
        defer { closedir(stream) }
        var links: [(link: String, target: String)] = []
        while let entry = readdir(stream) {
            let link = "\(descriptors)/\(name(of: entry))"
            if let path = target(ofLink: link) { links.append((link, path)) }
        }
        return links
    }

    private static func target(ofLink link: String) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
            let count = readlink(link, buffer.baseAddress!, buffer.count)
            guard count > 0 else { return nil }
            return String(decoding: UnsafeRawBufferPointer(buffer)[..<count], as: UTF8.self)
        }
    }
}
