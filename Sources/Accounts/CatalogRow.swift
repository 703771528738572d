import SQLCipher
import Secrets
import Timekeeping
import UserEngines

/// One row of the catalog, read strictly: whatever this program does not write is damage.
struct CatalogRow {
    private let table: String
    private let values: [Value]

    init(_ values: [Value], of table: String) {
        self.values = values
        self.table = table
    }

    private var damage: CatalogError { .damagedRecord(table: table) }

    func integer(_ column: Int) throws(CatalogError) -> Int64 {
        guard case .integer(let value) = values[column] else { throw damage }
        return value
    }

    func text(_ column: Int) throws(CatalogError) -> String {
        guard case .text(let value) = values[column] else { throw damage }
        return value
    }

    func optionalText(_ column: Int) throws(CatalogError) -> String? {
        if case .null = values[column] { nil } else { try text(column) }
    }

    func blob(_ column: Int) throws(CatalogError) -> [UInt8] {
        guard case .blob(let value) = values[column] else { throw damage }
        return value
    }

    func optionalSeal(_ column: Int) throws(CatalogError) -> Seal? {
        if case .null = values[column] { nil } else { try seal(column) }
    }

    func seal(_ column: Int) throws(CatalogError) -> Seal {
        Seal(stored: try blob(column))
    }

    /// A time up to the year 9999, so that no sum of times overflows.
    func time(_ column: Int) throws(CatalogError) -> UnixTime {
        let milliseconds = try integer(column)
        guard (0...253_402_300_799_999).contains(milliseconds) else { throw damage }
        return UnixTime(milliseconds: milliseconds)
    }

    /// A duration up to a hundred years.
    func duration(_ column: Int) throws(CatalogError) -> Duration {
        let milliseconds = try integer(column)
        guard (0...3_155_760_000_000).contains(milliseconds) else { throw damage }
        return .milliseconds(milliseconds)
    }

    func userID(_ column: Int) throws(CatalogError) -> UserID {
        guard let id = UserID(try text(column)) else { throw damage }
        return id
    }

    func id<Named>(_ column: Int) throws(CatalogError) -> RandomID<Named> {
        guard let id = RandomID<Named>(try text(column)) else { throw damage }
        return id
    }

    func username(_ column: Int) throws(CatalogError) -> Username {
        guard let username = try? Username(try text(column)) else { throw damage }
        return username
    }

    func digest(_ column: Int) throws(CatalogError) -> Digest {
        guard let digest = (try blob(column).withUnsafeBytes { Digest($0) }) else { throw damage }
        return digest
    }

    /// Three columns from `column` on: operations, memory, salt.
    func passwordHash(_ column: Int) throws(CatalogError) -> PasswordHash {
        let (operations, memory) = (try integer(column), try integer(column + 1))
        let salt = try blob(column + 2)
        guard
            let parameters = try? PasswordHash.Parameters(operations: Int(operations), memoryBytes: Int(memory)),
            let hash = try? PasswordHash(parameters: parameters, salt: salt)
        else { throw damage }
        return hash
    }
}

extension UnixTime {
    /// As the catalog stores it.
    var value: Value { .integer(milliseconds) }
}

extension Seal {
    /// As the catalog stores it.
    var value: Value { .blob(bytes) }
}

extension Duration {
    /// As the catalog stores it: whole milliseconds.
    var value: Value { .integer(wholeNanoseconds / 1_000_000) }
}
