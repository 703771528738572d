import Glibc

/// What is done to whole files by their paths. No file is opened but directories: see ``DataDirectory``.
public enum StoredFile {
    /// What the name of a file ends in that is not complete, and is removed when a server starts.
    public static let partialSuffix = ".partial"

    /// The names of what a directory holds; none if it is not there.
    public static func names(in directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { name in
                name.withMemoryRebound(to: CChar.self, capacity: Int(NAME_MAX) + 1) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }

    /// Whether there is something at a path.
    public static func exists(_ path: String) -> Bool {
        access(path, F_OK) == 0
    }

    /// Removes a file; one that is not there is no error.
    public static func remove(_ path: String) throws(DataDirectoryError) {
        guard unlink(path) == 0 || errno == ENOENT else { throw .unusable(path: path, errno: errno) }
    }

    /// Gives a file another name, in the place of one that has it already.
    public static func rename(_ path: String, to name: String) throws(DataDirectoryError) {
        guard Glibc.rename(path, name) == 0 else { throw .unusable(path: name, errno: errno) }
    }

    /// Gives a file a second name, which nothing must have.
    public static func link(_ path: String, to name: String) throws(DataDirectoryError) {
        guard Glibc.link(path, name) == 0 else { throw .unusable(path: name, errno: errno) }
    }

    /// Whether both paths name one file.
    public static func isSame(_ left: String, _ right: String) -> Bool {
        var (one, other) = (stat(), stat())
        guard stat(left, &one) == 0, stat(right, &other) == 0 else { return false }
        return one.st_ino == other.st_ino && one.st_dev == other.st_dev
    }

    /// Makes sure that the names in a directory are on the disk.
    public static func synchronize(directory: String) throws(DataDirectoryError) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unusable(path: directory, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .unusable(path: directory, errno: errno) }
    }
}
