import CSQLCipher

/// SQLite's open file over a ``DatabaseStorage``. See https://www.sqlite.org/c3ref/io_methods.html.
///
/// SQLite allocates it: first its own part, then the reference to the storage.
enum StorageFile {
    private final class Content {
        let storage: any DatabaseStorage
        let isReadOnly: Bool

        init(_ storage: any DatabaseStorage, isReadOnly: Bool) {
            self.storage = storage
            self.isReadOnly = isReadOnly
        }
    }

    private typealias File = UnsafeMutablePointer<sqlite3_file>

    private static let contentOffset = MemoryLayout<sqlite3_file>.stride
    static let byteCount = contentOffset + MemoryLayout<UnsafeRawPointer>.stride

    static func open(
        _ storage: (any DatabaseStorage)?, _ file: UnsafeMutablePointer<sqlite3_file>, _ flags: Int32,
        _ outFlags: UnsafeMutablePointer<Int32>?
    ) -> Int32 {
        // Without methods SQLite does not close it.
        file.pointee.pMethods = nil
        guard let storage, flags & SQLITE_OPEN_MAIN_DB != 0 else { return SQLITE_CANTOPEN }
        let content = Content(storage, isReadOnly: flags & SQLITE_OPEN_READONLY != 0)
        UnsafeMutableRawPointer(file).storeBytes(
            of: Unmanaged.passRetained(content).toOpaque(), toByteOffset: contentOffset,
            as: UnsafeMutableRawPointer.self)
        file.pointee.pMethods = methods.pointer
        outFlags?.pointee = flags
        return SQLITE_OK
    }

    private static func reference(_ file: File) -> Unmanaged<Content> {
        .fromOpaque(
            UnsafeRawPointer(file).load(fromByteOffset: contentOffset, as: UnsafeMutableRawPointer.self))
    }

    private static func content(_ file: File?) -> Content { reference(file!).takeUnretainedValue() }

    /// Sound as `@unchecked Sendable`: nothing changes after the initialization.
    private struct Methods: @unchecked Sendable {
        let pointer: UnsafePointer<sqlite3_io_methods>
    }

    private static let methods: Methods = {
        var methods = sqlite3_io_methods()
        // Without shared memory: there is one connection, and no log.
        methods.iVersion = 1
        methods.xClose = { file in
            reference(file!).release()
            return SQLITE_OK
        }
        methods.xRead = { read(content($0).storage, $1!, $2, $3) }
        methods.xWrite = { write(content($0).storage, $1!, $2, $3) }
        methods.xTruncate = { truncate(content($0).storage, $1) }
        // What is not in a file of its own does not outlive the process.
        methods.xSync = { _, _ in SQLITE_OK }
        methods.xFileSize = { file, size in
            size?.pointee = content(file).storage.byteCount
            return SQLITE_OK
        }
        methods.xLock = { _, _ in SQLITE_OK }
        methods.xUnlock = { _, _ in SQLITE_OK }
        methods.xCheckReservedLock = { _, isReserved in
            isReserved?.pointee = 0
            return SQLITE_OK
        }
        methods.xFileControl = { _, _, _ in SQLITE_NOTFOUND }
        methods.xSectorSize = { _ in 4096 }
        // A database whose header asks for a log can be read without one only if nobody can change it.
        methods.xDeviceCharacteristics = { content($0).isReadOnly ? SQLITE_IOCAP_IMMUTABLE : 0 }
        let pointer = UnsafeMutablePointer<sqlite3_io_methods>.allocate(capacity: 1)
        pointer.initialize(to: methods)
        return Methods(pointer: UnsafePointer(pointer))
    }()

    private static func read(
        _ storage: any DatabaseStorage, _ target: UnsafeMutableRawPointer, _ count: Int32, _ offset: Int64
    ) -> Int32 {
        let buffer = UnsafeMutableRawBufferPointer(start: target, count: Int(count))
        let available = Int(max(0, min(Int64(count), storage.byteCount - offset)))
        do throws(DatabaseStorageError) {
            if available > 0 {
                try storage.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<available]), at: offset)
            }
        } catch {
            return IOError.read
        }
        guard available < buffer.count else { return SQLITE_OK }
        // SQLite takes the rest for zeros: https://www.sqlite.org/c3ref/io_methods.html
        UnsafeMutableRawBufferPointer(rebasing: buffer[available...]).initializeMemory(as: UInt8.self, repeating: 0)
        return IOError.shortRead
    }

    private static func write(
        _ storage: any DatabaseStorage, _ source: UnsafeRawPointer, _ count: Int32, _ offset: Int64
    ) -> Int32 {
        do throws(DatabaseStorageError) {
            try storage.write(UnsafeRawBufferPointer(start: source, count: Int(count)), at: offset)
            return SQLITE_OK
        } catch {
            return error == .full ? SQLITE_FULL : IOError.write
        }
    }

    private static func truncate(_ storage: any DatabaseStorage, _ count: Int64) -> Int32 {
        do throws(DatabaseStorageError) {
            try storage.truncate(to: count)
            return SQLITE_OK
        } catch {
            return IOError.truncate
        }
    }
}

/// The extended codes that Swift does not import: https://www.sqlite.org/rescode.html#extrc
private enum IOError {
    static let read = SQLITE_IOERR | 1 << 8
    static let shortRead = SQLITE_IOERR | 2 << 8
    static let write = SQLITE_IOERR | 3 << 8
    static let truncate = SQLITE_IOERR | 6 << 8
}
