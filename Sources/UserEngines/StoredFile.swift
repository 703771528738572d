import Glibc

/// What is done to whole files by their paths. No file is opened but directories and what has no name: see
/// ``DataDirectory``.
public enum StoredFile {
    /// What the name of a file ends in that is not complete, and is removed when a server starts.
    public static let partialSuffix = ".partial"

    /// The names of what a directory holds; none if it is not there.
    public static func names(in directory: String) -> [String] {
        var names: [String] = []
        forEachName(in: directory) { names.append(String(decoding: $0, as: UTF8.self)) }
        return names
    }

    /// Calls `body` with the bytes of each name in a directory, without a copy.
    static func forEachName(in directory: String, _ body: (UnsafeRawBufferPointer) -> Void) {
        guard let stream = opendir(directory) else { return }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let start = UnsafeRawPointer(entry).advanced(by: nameOffset)
            let name = UnsafeRawBufferPointer(start: start, count: strlen(start.assumingMemoryBound(to: CChar.self)))
            if !name.elementsEqual(".".utf8) && !name.elementsEqual("..".utf8) { body(name) }
        }
    }

    private static let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name).unsafelyUnwrapped

    /// Whether a name is one of a file that is not complete, or of what SQLite has put beside one.
    public static func isPartial(_ name: String) -> Bool {
        let suffix = partialSuffix.utf8
        var rest = name.utf8[...]
        while rest.count >= suffix.count {
            if rest.starts(with: suffix) { return true }
            rest.removeFirst()
        }
        return false
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

    /// Opens a new file for reading and writing that has no name any more when this returns, so that it ends with its
    /// descriptor, which is the caller's. What a crash leaves in between ends in ``partialSuffix``.
    public static func makeTemporary(in directory: String) throws(DataDirectoryError) -> Int32 {
        let path = "\(directory)/temporary-\(UInt64.random(in: .min ... .max))\(partialSuffix)"
        let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw .unusable(path: path, errno: errno) }
        guard unlink(path) == 0 else {
            let reason = errno
            close(descriptor)
            throw .unusable(path: path, errno: reason)
        }
        return descriptor
    }

    /// Opens a complete file for reading and takes its name away, so that it ends with its descriptor, which is the
    /// caller's. It is removed also if this throws.
    public static func detach(_ path: String) throws(DataDirectoryError) -> (descriptor: Int32, byteCount: Int64) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0, unlink(path) == 0 else {
            let reason = errno
            if descriptor >= 0 { close(descriptor) }
            unlink(path)
            throw .unusable(path: path, errno: reason)
        }
        return (descriptor, Int64(status.st_size))
    }

    /// Has what has been written to a file so far brought to the disk. Only to spread the work: that it fails is
    /// noticed when the file is complete. Not for a file that others have locks on, which the close takes away.
    static func flush(_ path: String) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return }
        fdatasync(descriptor)
        close(descriptor)
    }

    /// Makes sure that the names in a directory are on the disk.
    public static func synchronize(directory: String) throws(DataDirectoryError) {
        let descriptor = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard descriptor >= 0 else { throw .unusable(path: directory, errno: errno) }
        defer { close(descriptor) }
        guard fsync(descriptor) == 0 else { throw .unusable(path: directory, errno: errno) }
    }
}
