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

    func deleteDataKey(_ state: DataKeyRecord.State, of user: UserID) throws {
        try run(
            "DELETE FROM data_keys WHERE user = ? AND state = ?", [.text(user.description), .text(state.rawValue)])
    }

    /// Makes the pending data key, if there is one, the current one; the earlier one's seal is overwritten.
    func promotePendingDataKey(of user: UserID) throws {
        guard try dataKey(of: user, .pending) != nil else { return }
        try deleteDataKey(.current, of: user)
        try run(
            "UPDATE data_keys SET state = 'current' WHERE user = ? AND state = 'pending'", [.text(user.description)])
    }
}
