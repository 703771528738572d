import Glibc

/// The descriptors that this process has open.
enum OpenDescriptors {
    /// How many there are.
    static var count: Int {
        var count = 0
        forEach(beneath: { _, _ in count += 1 }, numbered: { _ in count += 1 })
        return count
    }

    /// Calls `body` with the class of each.
    static func forEachClass(_ body: (DescriptorCensus.Class) -> Void) {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(PATH_MAX)) { buffer in
            guard let target = buffer.baseAddress else { return }
            forEach(
                beneath: { directory, name in
                    let length = readlinkat(directory, name, target, buffer.count)
                    // A link that is gone belongs to a descriptor that another thread has closed since.
                    if length >= 0 { body(.init(target: UnsafeRawBufferPointer(start: target, count: length))) }
                },
                numbered: { descriptor in
                    let length = readlink("/proc/self/fd/\(descriptor)", target, buffer.count)
                    if length >= 0 {
                        body(.init(target: UnsafeRawBufferPointer(start: target, count: length)))
                    } else if let status = status(of: descriptor) {
                        body(status.st_mode & S_IFMT == S_IFSOCK ? .socket : .other)
                    }
                })
        }
    }

    /// Walks `/proc/self/fd`, leaving out the descriptor it needs for that. Where none is left, or `/proc` is missing, it
    /// tries every number up to the limit instead.
    private static func forEach(
        beneath body: (_ directory: Int32, _ name: UnsafePointer<CChar>) -> Void,
        numbered: (_ descriptor: Int32) -> Void
    ) {
        guard let directory = opendir("/proc/self/fd") else { return forEachNumber(numbered) }
        defer { closedir(directory) }
        let own = dirfd(directory)
        while let entry = readdir(directory) {
            let name = UnsafeRawPointer(entry).advanced(by: nameOffset).assumingMemoryBound(to: CChar.self)
            guard name[0] != CChar(UInt8(ascii: ".")), atoi(name) != own else { continue }
            body(own, name)
        }
    }

    private static func forEachNumber(_ body: (Int32) -> Void) {
        for descriptor in 0..<Int32(clamping: DescriptorCensus.currentSoftLimit) where status(of: descriptor) != nil {
            body(descriptor)
        }
    }

    private static func status(of descriptor: Int32) -> stat? {
        var status = stat()
        return fstat(descriptor, &status) == 0 ? status : nil
    }

    private static let nameOffset = MemoryLayout<dirent>.offset(of: \.d_name).unsafelyUnwrapped
}

extension DescriptorCensus.Class {
    /// The class of a descriptor by the target of its link (https://man7.org/linux/man-pages/man5/proc_pid_fd.5.html). A file that
    /// was deleted while open keeps its class.
    init(target: UnsafeRawBufferPointer) {
        let deleted: StaticString = " (deleted)"
        let isDeleted = target.hasSuffix(deleted)
        let path = UnsafeRawBufferPointer(rebasing: target.dropLast(isDeleted ? deleted.utf8CodeUnitCount : 0))
        if path.hasPrefix("socket:") {
            self = .socket
        } else if path.hasSuffix(".db") {
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
    fileprivate func hasPrefix(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { starts(with: $0) }
    }

    fileprivate func hasSuffix(_ text: StaticString) -> Bool {
        text.withUTF8Buffer { suffix($0.count).elementsEqual($0) }
    }
}
