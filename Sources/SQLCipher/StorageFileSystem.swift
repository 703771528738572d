import CSQLCipher
import Glibc
import Synchronization

/// The interface to the file system through which SQLite uses a ``DatabaseStorage``. See
/// https://www.sqlite.org/vfs.html.
///
/// A name stands for a storage while it is being opened; SQLite's file then holds the storage itself until it is
/// closed.
enum StorageFileSystem {
    static let name = "coffer-storage"

    private struct Names {
        var storages: [String: any DatabaseStorage] = [:]
        var last = 0
    }

    private static let names = Mutex(Names())

    /// Registered once and for the life of the process.
    private static let registration: Int32 = {
        guard let standard = sqlite3_vfs_find("unix") else { return SQLITE_ERROR }
        let system = UnsafeMutablePointer<sqlite3_vfs>.allocate(capacity: 1)
        // Time, sleep and randomness are the system's, and ask for no file.
        system.initialize(to: standard.pointee)
        system.pointee.iVersion = 2
        system.pointee.pNext = nil
        // SQLite keeps the name.
        system.pointee.zName = name.withCString { UnsafePointer(strdup($0)) }
        system.pointee.szOsFile = Int32(StorageFile.byteCount)
        system.pointee.xOpen = { _, name, file, flags, outFlags in
            StorageFile.open(name.flatMap { StorageFileSystem.storage(named: $0) }, file!, flags, outFlags)
        }
        system.pointee.xDelete = { _, _, _ in SQLITE_OK }
        system.pointee.xAccess = { _, _, _, exists in
            exists?.pointee = 0
            return SQLITE_OK
        }
        system.pointee.xFullPathname = { _, name, capacity, path in
            guard let name, let path, strlen(name) < Int(capacity) else { return SQLITE_CANTOPEN }
            strcpy(path, name)
            return SQLITE_OK
        }
        return sqlite3_vfs_register(system, 0)
    }()

    /// Runs `body` with a name under which SQLite finds the storage.
    static func withName<Result>(of storage: any DatabaseStorage, _ body: (String) -> Result) -> Result? {
        guard registration == SQLITE_OK else { return nil }
        let name = names.withLock { names in
            names.last += 1
            names.storages["storage-\(names.last)"] = storage
            return "storage-\(names.last)"
        }
        defer { names.withLock { $0.storages[name] = nil } }
        return body(name)
    }

    private static func storage(named name: UnsafePointer<CChar>) -> (any DatabaseStorage)? {
        names.withLock { $0.storages[String(cString: name)] }
    }
}
