import SQLCipher
import UserEngines

extension Catalog {
    func insert(_ key: DataKeyRecord) throws {
        try run(
            "INSERT INTO data_keys (id, user, state, seal, created) VALUES (?, ?, ?, ?, ?)",
            [
                .text(key.id.description), .text(key.userID.description), .text(key.state.rawValue), key.seal.value,
                key.created.value,
            ])
    }

    func dataKey(of user: UserID, _ state: DataKeyRecord.State) throws -> DataKeyRecord? {
        try firstRow(
            "SELECT id, user, seal, created FROM data_keys WHERE user = ? AND state = ?",
            [.text(user.description), .text(state.rawValue)]
        ).map { values in
            let row = CatalogRow(values, of: "data_keys")
            return DataKeyRecord(
                id: try row.id(0), userID: try row.userID(1), state: state, seal: try row.seal(2),
                created: try row.time(3))
        }
    }
}
