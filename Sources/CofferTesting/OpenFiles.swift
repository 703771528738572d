import Glibc

/// The files that this process holds open, as `/proc/self/fd` tells.
public enum OpenFiles {
    /// The paths of all open descriptors under `directory`, one entry per descriptor, sorted.
    ///
    /// A file that was unlinked while open keeps its path with ` (deleted)` after it, so it is found too. Taking the
    /// snapshot opens no file under `directory`, which would drop SQLite's POSIX locks when closed.
    public static func paths(under directory: String) -> [String] {
        guard let stream = opendir("/proc/self/fd") else {
            preconditionFailure("/proc/self/fd cannot be read: errno \(errno)")
        }
        defer { closedir(stream) }
        let prefix = directory.hasSuffix("/") ? directory : directory + "/"
        var paths: [String] = []
        while let entry = readdir(stream) {
            if let path = target(ofLink: "/proc/self/fd/\(name(of: entry))"), path.hasPrefix(prefix) {
                paths.append(path)
            }
        }
        return paths.sorted()
    }

    private static func target(ofLink link: String) -> String? {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
            let count = readlink(link, buffer.baseAddress!, buffer.count)
            guard count > 0 else { return nil }
            return String(decoding: UnsafeRawBufferPointer(buffer)[..<count], as: UTF8.self)
        }
    }
}
