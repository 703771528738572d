import Glibc

/// What lies in a directory, at any depth.
public enum FileTree {
    /// The paths of all files and folders under `directory`, sorted; a symbolic link is not followed.
    public static func paths(under directory: String) -> [String] {
        var paths: [String] = []
        for name in entries(of: directory).sorted() {
            let path = "\(directory)/\(name)"
            paths.append(path)
            if isDirectory(path) { paths += self.paths(under: path) }
        }
        return paths
    }

    /// Whether a path names a folder.
    public static func isDirectory(_ path: String) -> Bool {
        var status = stat()
        return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
    }

    /// Makes a folder. Traps if it cannot.
    public static func makeDirectory(_ path: String) {
        precondition(mkdir(path, 0o700) == 0, "cannot make \(path): errno \(errno)")
    }

    /// Removes a file. Traps if it cannot.
    public static func removeFile(_ path: String) {
        precondition(unlink(path) == 0, "cannot remove \(path): errno \(errno)")
    }

    /// The permission bits of a path; traps if there is nothing.
    public static func permissions(of path: String) -> mode_t {
        var status = stat()
        precondition(lstat(path, &status) == 0, "nothing at \(path)")
        return status.st_mode & 0o7777
    }

    private static func entries(of directory: String) -> [String] {
        guard let stream = opendir(directory) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = name(of: entry)
            if name != "." && name != ".." { names.append(name) }
        }
        return names
    }
}
