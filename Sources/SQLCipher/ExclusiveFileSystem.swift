import CSQLCipher
import Glibc
import Synchronization

/// SQLite's `unix-excl`, which remembers how long a database file is, and takes no lock of the whole process to read.
///
/// A read begins with that question as long as nothing has been written since the file was opened
/// (https://www.sqlite.org/c3ref/io_methods.html, `xFileSize`): a system call in every point read of a user who only
/// reads. All that writes to such a file is in this process and comes through here, because the kernel keeps other
/// processes out. So a length holds until the next write to any of these files.
///
/// Four times in each read SQLite wants its accesses to the log's index in order, for which a fence suffices
/// (https://www.sqlite.org/c3ref/io_methods.html, `xShmBarrier`). SQLite's own function has one, and takes the lock of
/// all files besides, "for redundancy" (os_unix.c): threads that read different files would wait for each other.
enum ExclusiveFileSystem {
    static let name = "coffer-excl"

    /// What each file has behind SQLite's own part of it.
    private struct Tail {
        /// SQLite's functions, which ours stand before.
        let original: UnsafePointer<sqlite3_io_methods>
        var byteCount: Int64 = 0
        /// ``writes`` before `byteCount` was asked for.
        var askedAt: Int64 = -1
    }

    private typealias File = UnsafeMutablePointer<sqlite3_file>

    /// The changes to database files so far, each counted when it has been made.
    private static let writes = Atomic<Int64>(0)

    /// SQLite's own file system and the place of the tail. Sound as `@unchecked Sendable`: nothing changes after the
    /// initialization, and SQLite keeps what is registered.
    private struct Original: @unchecked Sendable {
        let system: UnsafeMutablePointer<sqlite3_vfs>
        let tailOffset: Int
    }

    private static let original: Original? = sqlite3_vfs_find("unix-excl").map { system in
        let alignment = MemoryLayout<Tail>.alignment
        return Original(
            system: system, tailOffset: (Int(system.pointee.szOsFile) + alignment - 1) / alignment * alignment)
    }

    /// Registered once and for the life of the process. A result code of SQLite.
    static let registration: Int32 = {
        guard let original else { return SQLITE_NOTFOUND }
        let system = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        system.initialize(to: original.system.pointee)
        system.pointee.pNext = nil
        // SQLite keeps the name.
        system.pointee.zName = name.withCString { UnsafePointer(strdup($0)) }
        system.pointee.szOsFile = Int32(original.tailOffset + MemoryLayout<Tail>.stride)
        system.pointee.xOpen = { _, name, file, flags, outFlags in
            // The original looks into its own entry to know what it is.
            let system = ExclusiveFileSystem.original!.system
            let result = system.pointee.xOpen(system, name, file, flags, outFlags)
            if result == SQLITE_OK, flags & SQLITE_OPEN_MAIN_DB != 0 { ExclusiveFileSystem.remember(file!) }
            return result
        }
        system.pointee.xDelete = { _, name, syncsDirectory in
            let system = ExclusiveFileSystem.original!.system
            return system.pointee.xDelete(system, name, syncsDirectory)
        }
        return sqlite3_vfs_register(system, 0)
    }()

    private static func tail(_ file: File) -> UnsafeMutablePointer<Tail> {
        UnsafeMutableRawPointer(file).advanced(by: original!.tailOffset).assumingMemoryBound(to: Tail.self)
    }

    /// Puts our functions before those that the file has just got.
    private static func remember(_ file: File) {
        let original = file.pointee.pMethods!
        tail(file).initialize(to: Tail(original: original))
        file.pointee.pMethods = methods(before: original)
    }

    /// SQLite's functions for a file with ours among them.
    ///
    /// Sound as `@unchecked Sendable`: nothing changes after the initialization, and tables are kept for good.
    private struct Table: @unchecked Sendable {
        let pointer: UnsafePointer<sqlite3_io_methods>

        init(before original: UnsafePointer<sqlite3_io_methods>) {
            let methods = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
            methods.initialize(to: original.pointee)
            methods.pointee.xFileSize = { ExclusiveFileSystem.byteCount($0!, $1!) }
            methods.pointee.xShmBarrier = { _ in atomicMemoryFence(ordering: .sequentiallyConsistent) }
            methods.pointee.xWrite = { file, bytes, count, offset in
                defer { ExclusiveFileSystem.writes.add(1, ordering: .releasing) }
                return ExclusiveFileSystem.tail(file!).pointee.original.pointee.xWrite(file, bytes, count, offset)
            }
            methods.pointee.xTruncate = { file, size in
                defer { ExclusiveFileSystem.writes.add(1, ordering: .releasing) }
                return ExclusiveFileSystem.tail(file!).pointee.original.pointee.xTruncate(file, size)
            }
            pointer = UnsafePointer(methods)
        }
    }

    /// By the address of SQLite's own table, of which it has one for each way of locking.
    private static let tables = Mutex<[UInt: Table]>([:])

    private static func methods(
        before original: UnsafePointer<sqlite3_io_methods>
    ) -> UnsafePointer<sqlite3_io_methods> {
        let address = UInt(bitPattern: original)
        if let table = tables.withLock({ $0[address] }) { return table.pointer }
        let table = Table(before: original)
        // Of two that are made at once one is not used again, and has to stay: its maker's file has it.
        tables.withLock { $0[address] = table }
        return table.pointer
    }

    /// Whoever has to know of a write is told by SQLite after the write has been counted.
    private static func byteCount(_ file: File, _ size: UnsafeMutablePointer<Int64>) -> Int32 {
        let tail = tail(file)
        let now = writes.load(ordering: .acquiring)
        if tail.pointee.askedAt != now {
            var byteCount: Int64 = 0
            let result = tail.pointee.original.pointee.xFileSize(file, &byteCount)
            guard result == SQLITE_OK else { return result }
            tail.pointee.byteCount = byteCount
            tail.pointee.askedAt = now
        }
        size.pointee = tail.pointee.byteCount
        return SQLITE_OK
    }
}
