import Synchronization

/// Statements that were dropped instead of finished, on whatever thread, and wait for the connection's next user.
///
/// A statement handle may be touched only by the thread that uses its connection. The generation tells a late drop
/// from a timely one: when all statements of a use have been ended, a handle that comes after that is gone already.
struct DeferredFinalization: ~Copyable, Sendable {
    // Not private, for Swift 6.3.1 fails on that in debug builds: "Global is external, but doesn't have external or
    // weak linkage".
    struct State {
        var generation = 0
        var statements: [StatementHandle] = []
    }

    private let currentGeneration = Atomic(0)
    private let isEmpty = Atomic(true)
    private let state = Mutex(State())

    /// The generation of the statements that are handed out now.
    var generation: Int { currentGeneration.load(ordering: .relaxed) }

    /// Keeps a dropped statement for later; ignores one of an earlier generation.
    func append(_ statement: StatementHandle, generation: Int) {
        state.withLock { state in
            guard state.generation == generation else { return }
            state.statements.append(statement)
            isEmpty.store(false, ordering: .releasing)
        }
    }

    /// Whether any wait.
    var isWaiting: Bool { !isEmpty.load(ordering: .acquiring) }

    /// Takes all that wait.
    func takeAll() -> [StatementHandle] {
        state.withLock { state in
            isEmpty.store(true, ordering: .relaxed)
            let statements = state.statements
            state.statements = []
            return statements
        }
    }

    /// Begins a new generation: from now on, drops of earlier statements are ignored. What still waits is forgotten,
    /// because the caller finalizes every statement that is out.
    func revoke() {
        state.withLock { state in
            state.generation += 1
            state.statements = []
            currentGeneration.store(state.generation, ordering: .relaxed)
            isEmpty.store(true, ordering: .relaxed)
        }
    }
}

/// A `sqlite3_stmt*` on its way through a lock.
///
/// Sound as `@unchecked Sendable`: the pointer is only carried; it is used by the thread that uses its connection.
struct StatementHandle: @unchecked Sendable, Equatable {
    let pointer: OpaquePointer
}
