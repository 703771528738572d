import Synchronization

/// The connections that are open.
final class ConnectionTable: Sendable {
    private struct State {
        var connections: [ObjectIdentifier: ClientConnection] = [:]
        var isStopping = false
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.connections.count } }

    var all: [ClientConnection] { state.withLock { Array($0.connections.values) } }

    /// Adds a connection; true if there was none before.
    func insert(_ connection: ClientConnection) -> Bool {
        let (wasEmpty, isStopping) = state.withLock { state in
            let wasEmpty = state.connections.isEmpty
            state.connections[ObjectIdentifier(connection)] = connection
            return (wasEmpty, state.isStopping)
        }
        if isStopping { connection.stopSuspending() }
        return wasEmpty
    }

    func remove(_ connection: ClientConnection) {
        _ = state.withLock { $0.connections.removeValue(forKey: ObjectIdentifier(connection)) }
    }

    /// Resumes every connection and lets none be suspended again.
    func stopSuspending() {
        let connections = state.withLock { state in
            state.isStopping = true
            return Array(state.connections.values)
        }
        for connection in connections { connection.stopSuspending() }
    }
}
