import CofferTesting
import SQLCipher
import Secrets

/// A database of the sample's form that was made elsewhere, plain or under a passphrase.
enum ForeignSample {
    static let rows = Set<Int64>(201...212)

    /// Its bytes.
    static var plain: [UInt8] { get throws { try contents.get().plain } }

    /// The same under the passphrase.
    static var encrypted: [UInt8] { get throws { try contents.get().encrypted } }

    static func open(_ path: String, isPlain: Bool, createIfMissing: Bool = false) throws -> Connection {
        let configuration = ConnectionConfiguration(
            path: path, journal: .memory, createIfMissing: createIfMissing, logger: .silent)
        if isPlain { return try Connection.open(configuration, key: nil) }
        return try passphrase().withUnsafeBytes { try Connection.open(configuration, passphrase: $0) }
    }

    static func passphrase() throws -> GuardedBytes {
        try quickDerivation.get()
        // As long as the literal of a key: SQLCipher copies a passphrase as that, and allocations of that size do not fail.
        return try GuardedBytes(copying: Array(repeatElement(UInt8(ascii: "s"), count: 99)))
    }

    private static let contents = Result {
        (plain: try content(isPlain: true), encrypted: try content(isPlain: false))
    }

    private static func content(isPlain: Bool) throws -> [UInt8] {
        try withTemporaryDirectory { directory in
            let path = directory.file("foreign")
            let connection = try open(path, isPlain: isPlain, createIfMissing: true)
            try connection.execute(SampleDatabase.schema)
            try connection.transaction { try SampleDatabase.insert(rows.sorted(), on: connection) }
            for statement in SampleObjects.statements { try connection.execute(statement) }
            try connection.close()
            return FileContent.bytes(of: path)
        }
    }

    /// The key comes from the passphrase in two rounds instead of 256,000, in the whole process: they would be most of what
    /// a thousand attempts do. https://www.zetetic.net/sqlcipher/sqlcipher-api/#cipher_default_kdf_iter
    private static let quickDerivation = Result {
        try withTemporaryDirectory { directory in
            let configuration = ConnectionConfiguration(
                path: directory.file("none"), journal: .memory, createIfMissing: true, logger: .silent)
            let connection = try Connection.open(configuration, key: nil)
            try connection.execute("PRAGMA cipher_default_kdf_iter = 2")
            try connection.close()
        }
    }
}
