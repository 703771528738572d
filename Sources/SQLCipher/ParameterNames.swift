import CSQLCipher
import Glibc

/// Finds the parameters of a statement by their names.
///
/// SQLite compares a name with all names of the statement, one after the other. For a few look-ups that is the quickest
/// way; for many they are put into a dictionary first.
struct ParameterNames {
    /// The names that are looked up, or read, between two looks at the connection's limit: SQLite walks its whole list
    /// for each.
    static let stride = 64
    /// The most look-ups that are left to SQLite.
    private static let few = 8

    private let handle: OpaquePointer
    /// By the bytes of the name: strings are equal also when they are only canonically equivalent.
    private let table: [[UInt8]: Int]?

    /// - Throws: ``SQLiteCode/interrupt`` if the limit stops the reading of many names.
    init(of handle: OpaquePointer, lookUps: Int, limit: ProgressLimit) throws(SQLiteError) {
        self.handle = handle
        table = lookUps > Self.few ? try Self.table(of: handle, limit) : nil
    }

    /// The indexes of the parameters that a name stands for, each once.
    func indexes(of name: String) -> [Int] {
        // SQLite would take the part before U+0000 for the name.
        guard let first = name.utf8.first, !name.utf8.contains(0) else { return [] }
        let candidates = ":@$?".utf8.contains(first) ? [name] : [":" + name, "@" + name, "$" + name]
        return candidates.map(index).filter { $0 > 0 }
    }

    /// The index of the parameter with exactly this name, prefix included; 0 if there is none.
    private func index(of name: String) -> Int {
        if let table { table[Array(name.utf8)] ?? 0 } else { Int(sqlite3_bind_parameter_index(handle, name)) }
    }

    private static func table(of handle: OpaquePointer, _ limit: ProgressLimit) throws(SQLiteError) -> [[UInt8]: Int] {
        let count = Int(sqlite3_bind_parameter_count(handle))
        var table: [[UInt8]: Int] = [:]
        table.reserveCapacity(count)
        for index in 0..<count {
            if index.isMultiple(of: stride) { try limit.check() }
            guard let name = sqlite3_bind_parameter_name(handle, Int32(index + 1)) else { continue }
            let bytes = UnsafeRawBufferPointer(start: name, count: strlen(name))
            table[Array(bytes)] = index + 1
        }
        return table
    }
}
