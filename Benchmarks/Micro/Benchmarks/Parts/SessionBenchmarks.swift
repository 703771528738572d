import Accounts
import Benchmark
import CofferTesting
import Secrets
import Timekeeping
import UserEngines

func sessionBenchmarks() {
    Benchmark("session: found by its token's text", configuration: fewSamples) { benchmark in
        try await withSessions { accounts, text in
            benchmark.startMeasurement()
            for _ in benchmark.scaledIterations {
                guard let token = SessionToken(text) else { return }
                blackHole(try accounts.authenticate(token))
            }
            benchmark.stopMeasurement()
        }
    }
}

/// Accounts with a hundred sessions, and the text of one's token.
private func withSessions(_ body: (Accounts, TransientBytes) throws -> Void) async throws {
    let directory = TemporaryDirectory()
    defer { withExtendedLifetime(directory) {} }
    let time = SystemTime()
    let cheap = try PasswordHash.Parameters(operations: 1, memoryBytes: 8 << 10)
    let accounts = try await Accounts.open(
        catalogPath: directory.file("catalog.db"),
        settings: AccountSettings(passwordParameters: cheap, passwordHashesAtOnce: 1),
        activity: Activity(time: time), time: time)
    let password = try Password(copying: Array("correct horse battery".utf8))
    _ = try await accounts.register(
        username: "user", password: password, creatingData: { _, _ in }, removingData: { _ in })
    var tokens: [SessionToken] = []
    for _ in 0..<100 {
        let client = Client(address: "192.0.2.1")
        tokens.append(try await accounts.login(username: "user", password: password, from: client).token)
    }
    try body(accounts, tokens[50].text())
    try await accounts.close()
}
