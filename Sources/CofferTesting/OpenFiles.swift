import Glibc

/// The files that this process holds open, as `/proc/self/fd` tells.
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

    private static func links(under directory: String) -> [(link: String, target: String)] {
        guard let stream = opendir("/proc/self/fd") else {
            preconditionFailure("/proc/self/fd cannot be read: errno \(errno)")
        }
        defer { closedir(stream) }
        let prefix = directory.hasSuffix("/") ? directory : directory + "/"
        var links: [(link: String, target: String)] = []
        while let entry = readdir(stream) {
            let link = "/proc/self/fd/\(name(of: entry))"
            if let path = target(ofLink: link), path.hasPrefix(prefix) { links.append((link, path)) }
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
