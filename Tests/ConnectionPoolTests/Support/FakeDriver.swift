import ConnectionPool
import Synchronization
import Testing

/// A driver that counts what it opens and closes, and whose every step a test can hold up or let fail.
final class FakeDriver: ConnectionDriver {
    typealias Errand = Int

    enum Step: Hashable { case open, check, reset, close }

    /// What a step does before it takes effect: it may wait at a gate, and it may throw, which makes the step fail.
    /// Gets the number of earlier steps of its kind and the connection, which an open does not have yet.
    typealias Script = @Sendable (Int, FakeConnection?) async throws -> Void

    private struct State {
        var scripts: [Step: Script] = [:]
        var begun: [Step: Int] = [:]
        var connections: [FakeConnection] = []
        var closes = 0
        var mostOpen = 0
    }

    private let state = Mutex(State())

    func script(_ step: Step, _ script: @escaping Script) {
        state.withLock { $0.scripts[step] = script }
    }

    /// How many steps of a kind have begun.
    func begun(_ step: Step) -> Int { state.withLock { $0.begun[step, default: 0] } }

    /// All connections that were ever opened, in order.
    var connections: [FakeConnection] { state.withLock { $0.connections } }
    /// One of them, counted from 0.
    func connection(_ index: Int) throws -> FakeConnection {
        try #require(connections.indices.contains(index) ? connections[index] : nil, "only \(opens) were opened")
    }

    var opens: Int { connections.count }
    var closes: Int { state.withLock { $0.closes } }
    /// The most connections that were open at the same time.
    var mostOpen: Int { state.withLock { $0.mostOpen } }
    var violations: [String] { connections.flatMap { $0.state.withLock { $0.violations } } }

    func open() async throws -> FakeConnection {
        try await play(.open, nil)
        return state.withLock { state in
            let connection = FakeConnection(number: state.connections.count + 1)
            state.connections.append(connection)
            state.mostOpen = max(state.mostOpen, state.connections.count - state.closes)
            return connection
        }
    }

    func check(_ connection: FakeConnection) async -> Bool {
        await connection.exclusively("a check") { await succeeds(.check, connection) }
    }

    func drain(_ connection: FakeConnection) {
        connection.drain()
    }

    nonisolated(nonsending) func reset(_ connection: FakeConnection) async -> ResetResult {
        let succeeded = await connection.exclusively("a reset") { await succeeds(.reset, connection) }
        guard succeeded else { return .evict(.resetFailed) }
        connection.state.withLock { $0.hasOpenTransaction = false }
        return .reusable
    }

    func interrupt(_ connection: FakeConnection) {
        connection.interrupt()
    }

    func close(_ connection: FakeConnection) async throws {
        defer {
            connection.markClosed()
            state.withLock { $0.closes += 1 }
        }
        try await connection.exclusively("a close") { try await play(.close, connection) }
    }

    func evictionReason(for error: any Error) -> EvictionReason? {
        switch error as? FakeError {
        case .broken: .broken
        default: nil
        }
    }

    private func play(_ step: Step, _ connection: FakeConnection?) async throws {
        let (script, occurrence) = state.withLock { state in
            let occurrence = state.begun[step, default: 0]
            state.begun[step] = occurrence + 1
            return (state.scripts[step], occurrence)
        }
        try await script?(occurrence, connection)
    }

    private func succeeds(_ step: Step, _ connection: FakeConnection) async -> Bool {
        do {
            try await play(step, connection)
            return true
        } catch {
            return false
        }
    }
}
