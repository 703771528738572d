import Synchronization

/// The connections that are open.
final class ConnectionTable: Sendable {
    private struct State {
        var connections: [ObjectIdentifier: ClientConnection] = [:]
        /// Those, and what libmicrohttpd has been given and not told us about yet.
        var admitted = 0
        var isStopping = false
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.connections.count } }

    var all: [ClientConnection] { state.withLock { Array($0.connections.values) } }

    /// Counts a connection that is about to be given to libmicrohttpd, unless there are `maximum` already.
    func admit(maximum: Int) -> Bool {
        state.withLock { state in
            guard state.admitted < maximum else { return false }
            state.admitted += 1
            return true
        }
    }

    /// One that was admitted came to nothing.
    func withdraw() {
        state.withLock { $0.admitted -= 1 }
    }

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
        state.withLock { state in
            state.connections.removeValue(forKey: ObjectIdentifier(connection))
            state.admitted -= 1
        }
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
