import Accounts
import SQLCipher
import Timekeeping

/// One row of the service database, read strictly: whatever this program does not write is damage.
struct ServiceRow {
    let values: [Value]

    init(_ values: [Value]) {
        self.values = values
    }

    private var damage: SQLiteError { SQLiteError(.corrupt, message: "a record of the service database is damaged") }

    func integer(_ column: Int) throws -> Int64 {
        guard case .integer(let value) = values[column] else { throw damage }
        return value
    }

    func text(_ column: Int) throws -> String {
        guard case .text(let value) = values[column] else { throw damage }
        return value
    }

    func optionalText(_ column: Int) throws -> String? {
        if case .null = values[column] { nil } else { try text(column) }
    }

    func time(_ column: Int) throws -> UnixTime {
        UnixTime(milliseconds: try integer(column))
    }

    func optionalTime(_ column: Int) throws -> UnixTime? {
        if case .null = values[column] { nil } else { try time(column) }
    }

    func id(_ column: Int) throws -> ResearchID {
        guard let id = ResearchID(try text(column)) else { throw damage }
        return id
    }

    func state(_ column: Int) throws -> ResearchRecord.State {
        guard let state = ResearchRecord.State(rawValue: try text(column)) else { throw damage }
        return state
    }
}

extension Value {
    init(_ text: String?) {
        self = text.map { .text($0) } ?? .null
    }

    init(_ time: UnixTime) {
        self = .integer(time.milliseconds)
    }
}
