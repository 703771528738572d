import Glibc

/// The descriptors that this process has open.
public enum OpenDescriptors {
    private static let directory = "/proc/self/fd"

    /// How many there are. Linux 6.2 and later give the directory their number as its size
    /// (https://docs.kernel.org/filesystems/proc.html#proc-pid-fd-list-of-symlinks-to-open-files); where that is 0,
    /// they are counted one by one.
    public static var count: Int {
        var status = stat()
        return stat(directory, &status) == 0 && status.st_size > 0 ? Int(status.st_size) : countByWalk()
    }

    /// The soft limit on how many there may be, `RLIMIT_NOFILE`.
    public static var limit: Int {
        var limit = rlimit()
        getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
        return Int(clamping: limit.rlim_cur)
    }

    /// A path other than the default makes the walk do without `/proc/self/fd`.
    static func countByWalk(in path: String = directory) -> Int {
        var count = 0
        forEach(in: path, named: { _, _ in count += 1 }, numbered: { _ in count += 1 })
        return count
    }

    /// Calls `body` with each and its class. A path other than the default makes the walk do without `/proc/self/fd`.
    static func forEachClass(in path: String = directory, _ body: (Int32, DescriptorCensus.Class) -> Void) {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
            guard let target = buffer.baseAddress else { return }
            func classify(_ descriptor: Int32, otherwise: DescriptorCensus.Class?, link: () -> Int) {
                guard let status = status(of: descriptor) else { return }
                // Asking for the type first spares the sockets the link, which costs four times as much.
                switch status.st_mode & S_IFMT {
                case S_IFSOCK: body(descriptor, .socket)
                case S_IFREG:
                    let length = link()
                    let known = length < 0 ? nil : UnsafeRawBufferPointer(start: target, count: length)
                    if let found = known.map(DescriptorCensus.Class.init(path:)) ?? otherwise {
                        body(descriptor, found)
                    }
                default: body(descriptor, .other)
                }
            }
            forEach(
                in: path,
                // A link that is gone belongs to a descriptor that another thread has closed since.
                named: { directory, name in
                    classify(atoi(name), otherwise: nil) { readlinkat(directory, name, target, buffer.count) }
                },
                numbered: { descriptor in
                    classify(descriptor, otherwise: .other) {
                        readlink("\(Self.directory)/\(descriptor)", target, buffer.count)
                    }
                })
        }
    }

    /// Walks the directory of descriptors, leaving out the one it needs for that. Where none is left, or `/proc` is
    /// missing, it tries every number up to the limit instead.
    private static func forEach(
        in path: String, named: (_ directory: Int32, _ name: UnsafePointer<CChar>) -> Void,
        numbered: (_ descriptor: Int32) -> Void
    ) {
        guard let directory = opendir(path) else {
            for descriptor in 0..<Int32(clamping: limit) where status(of: descriptor) != nil {
                numbered(descriptor)
            }
            return
        }
        defer { closedir(directory) }
        let own = dirfd(directory)
        while let entry = readdir(directory) {
            let name = UnsafeRawPointer(entry).advanced(by: nameOffset).assumingMemoryBound(to: CChar.self)
            guard name[0] != CChar(UInt8(ascii: ".")), atoi(name) != own else { continue }
            named(own, name)
        }
    }

    private static func status(of descriptor: Int32) -> stat? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status : nil
    }

    private static let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name).unsafelyUnwrapped
}

extension DescriptorCensus.Class {
    /// The class of a file by its path as `/proc/self/fd` links to it
    /// (https://man7.org/linux/man-pages/man5/proc_pid_fd.5.html). A file that was deleted while open keeps its class.
    init(path: UnsafeRawBufferPointer) {
        let deleted: StaticString = " (deleted)"
        let isDeleted = path.hasSuffix(deleted)
        let path = UnsafeRawBufferPointer(rebasing: path.dropLast(isDeleted ? deleted.utf8CodeUnitCount : 0))
        if path.hasSuffix(".db") {
            self = .main
        } else if path.hasSuffix(".db-wal") {
            self = .wal
        } else if path.hasSuffix(".db-shm") {
            self = .shm
        } else {
            self = .other
        }
    }
}

extension UnsafeRawBufferPointer {
    fileprivate func hasSuffix(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { suffix($0.count).elementsEqual($0) }
    }
}
