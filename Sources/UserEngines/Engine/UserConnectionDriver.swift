import ConnectionPool
import SQLCipher
import Secrets
import Synchronization

/// Opens, cleans and closes the pooled connections of one user's database.
struct UserConnectionDriver: SynchronousResetDriver {
    typealias Errand = any GroupedWrite

    let configuration: ConnectionConfiguration
    let key: GuardedBytes
    let role: PoolRole
    let file: EngineFile
    /// Closes what the engine can do without, before a connection of it waits for descriptors.
    let makeWay: @Sendable () -> Void

    /// The connections of writer and service are what an engine cannot do without, and wait for their descriptors; a
    /// reader's is there to be quicker, and is done without when there are none to spare.
    func open() async throws -> Connection {
        switch role {
        case .writer, .service:
            guard await file.descriptors.reserveForWriter(makeWay: makeWay) else { throw EngineError.descriptorBudget }
        case .reader: guard file.descriptors.reserveFurther() else { throw GrowthRefused() }
        }
        let connection: Connection
        do {
            connection = try key.transientCopy().withUnsafeBytes { try Connection.open(configuration, key: $0) }
        } catch {
            file.descriptors.release()
            throw error
        }
        guard role == .service else { return connection }
        do {
            try ServiceSchema.migrations.apply(to: connection)
        } catch {
            try await close(connection)
            throw error
        }
        return connection
    }

    /// Reads a page, and sees that the path still names the file that is open: it may have been replaced meanwhile.
    func check(_ connection: Connection) async -> Bool {
        (try? connection.check()) != nil
    }

    func drain(_ connection: Connection) {
        connection.finalizeDeferred()
    }

    func resetNow(_ connection: Connection) -> ResetResult {
        let outcome = connection.reset()
        return outcome == .asNew ? .reusable : .evict(EvictionReason(rawValue: outcome.description))
    }

    func interrupt(_ connection: Connection) {
        connection.interrupt()
    }

    /// The last connection of a file to close checkpoints it and removes the log.
    func close(_ connection: Connection) async throws {
        do {
            try connection.close()
        } catch {
            file.unclosed.append(connection)
            throw error
        }
        file.descriptors.release()
        if !file.descriptors.isHolding { file.log.emptied() }
    }

    func evictionReason(for error: any Error) -> EvictionReason? {
        let cause = (error as? StatementFailure)?.cause ?? (error as? BrokenWriteGroup)?.cause ?? error
        guard let error = cause as? SQLiteError else { return nil }
        if error.isConnectionBroken { return .broken }
        return error.interruption == .deadline ? .statementTimeout : nil
    }
}

extension EvictionReason {
    /// Its statement ran into the deadline: what was cut short is not trusted to be as new.
    static let statementTimeout = EvictionReason(rawValue: "statement_timeout")
}

/// Connections whose close failed: still open, and tried again when their engine closes.
final class UnclosedConnections: Sendable {
    private let connections = Mutex<[Connection]>([])

    func append(_ connection: Connection) {
        connections.withLock { $0.append(connection) }
    }

    /// Closes what it can, and gives back its descriptors; the error of the last one that did not close.
    func closeAgain(_ descriptors: EngineDescriptors) throws {
        let taken = connections.withLock { connections in
            defer { connections = [] }
            return connections
        }
        var failure: (any Error)?
        for connection in taken {
            do {
                try connection.close()
                descriptors.release()
            } catch {
                append(connection)
                failure = error
            }
        }
        if let failure { throw failure }
    }
}

extension GuardedBytes {
    /// The key for one open, wiped after it: the key's own lock is not held while the file is read.
    ///
    /// - Throws: ``EngineError/unavailable`` for a wiped key. Opening without one would make a file that anybody can
    ///   read.
    func transientCopy() throws -> TransientBytes {
        try withUnsafeBytes { key throws in
            guard !key.isEmpty else { throw EngineError.unavailable }
            return TransientBytes(count: key.count) { $0.copyMemory(from: key) }
        }
    }
}
