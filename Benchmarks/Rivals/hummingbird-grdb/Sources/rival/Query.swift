import GRDB
import Hummingbird

/// The body of a request: one statement and its arguments by position.
struct Query: Decodable {
    var sql: String
    var args: [Value]?

    func run(on pool: DatabasePool) async throws -> Result {
        if sql.hasPrefix("SELECT") { return try await pool.read { try result(in: $0) } }
        return try await pool.write { try result(in: $0) }
    }

    private func result(in database: Database) throws -> Result {
        let statement = try database.cachedStatement(sql: sql)
        let cursor = try Row.fetchCursor(statement, arguments: StatementArguments(args ?? []))
        let columns = statement.columnNames
        var rows: [[Value]] = []
        while let row = try cursor.next() { rows.append(row.databaseValues.map(Value.init)) }
        return Result(
            columns: columns, rows: rows,
            rowsAffected: statement.isReadonly ? 0 : database.changesCount)
    }
}

struct Result: ResponseEncodable {
    var columns: [String]
    var rows: [[Value]]
    var rowsAffected: Int
}
