import CofferTesting
import SQLCipher
import Testing

@testable import UserEngines

@Suite("Long statements") struct LongStatementTests {
    private let sum = "WITH RECURSIVE c(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < ?) SELECT sum(i) FROM c"

    /// The nice value of the thread that has run a statement, right after it.
    private func niceness(
        after sql: String, _ argument: Int64, as user: UserID, in fixture: EngineFixture
    ) async throws -> Int32 {
        try await Task(executorPreference: fixture.workers) {
            try await fixture.registry.withEngine(of: user, key: { try fixture.copyOfKey() }) { engine in
                try await engine.run(sql, .positional([.integer(argument)]), timeout: .seconds(60)) { statement, _ in
                    while try statement.step() {}
                    return ThreadSighting.presentNiceness
                }
            }
        }.value
    }

    @Test(
        "A statement that works for long gives way to other threads; one after it does not", arguments: [false, true])
    func givesWay(isWrite: Bool) async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE sums (sum INTEGER)", as: user)
            let sql = isWrite ? "INSERT INTO sums " + sum : sum
            let ordinary = try await niceness(after: sql, 1, as: user, in: fixture)
            let long = try await niceness(after: sql, 1_000_000, as: user, in: fixture)
            #expect(long == min(ordinary + 10, 19))
            for _ in 0..<8 { #expect(try await niceness(after: sql, 1, as: user, in: fixture) == ordinary) }
        }
    }
}
