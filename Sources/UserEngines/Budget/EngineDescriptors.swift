import Synchronization

/// The descriptors of one file of an engine, counted against the budget of all.
///
/// Under the `unix-excl` VFS a connection holds the database and its log. When one closes while others of the file are
/// open, SQLite gives back the log's descriptor and parks the database's: the next open takes a parked one, and all of
/// them go when the file's last connection closes. So what is counted is what is open.
/// See `setPendingFd` and `findReusableFd` in https://sqlite.org/src/file/src/os_unix.c.
final class EngineDescriptors: Sendable {
    /// The database and its log.
    static let perConnection = 2

    private struct State {
        var open = 0
        var parked = 0
        /// Those who wait for a connection that descriptors were taken for beforehand.
        var expectations = 0
        /// How many such connections nobody has opened yet.
        var promised = 0

        /// What a further connection needs of the budget.
        var needed: Int { parked > 0 ? perConnection - 1 : perConnection }

        mutating func take() {
            open += 1
            if parked > 0 { parked -= 1 }
        }

        /// Takes what is promised; what of it is not needed is left for the budget, `nil` if nothing is promised.
        mutating func takePromised() -> Int? {
            guard promised > 0 else { return nil }
            promised -= 1
            defer { take() }
            return perConnection - needed
        }

        /// What is promised to nobody any more.
        mutating func endExpectation() -> Int {
            expectations -= 1
            guard promised > expectations else { return 0 }
            promised -= 1
            return perConnection
        }

        mutating func giveBack() -> Int {
            open -= 1
            guard open == 0 else {
                parked += 1
                return perConnection - 1
            }
            defer { parked = 0 }
            return perConnection + parked
        }
    }

    private let budget: DescriptorBudget
    private let timeout: Duration
    /// Asked to close an engine that nobody uses, when the budget is spent.
    private let makeRoom: @Sendable () -> Void
    private let state = Mutex(State())

    init(budget: DescriptorBudget, timeout: Duration, makeRoom: @escaping @Sendable () -> Void) {
        self.budget = budget
        self.timeout = timeout
        self.makeRoom = makeRoom
    }

    /// Whether any are taken.
    var isHolding: Bool { state.withLock { $0.open > 0 } }

    /// Takes what a further connection needs, if it is free now; false also when the file has no connection at all.
    func reserveFurther() -> Bool {
        reserveNow { $0 > 0 }
    }

    private func reserveNow(ifOpen isWanted: (Int) -> Bool = { _ in true }) -> Bool {
        let unneeded: Int? = state.withLock { state in
            guard isWanted(state.open) else { return nil }
            if let unneeded = state.takePromised() { return unneeded }
            guard budget.reserveNow(state.needed) else { return nil }
            state.take()
            return 0
        }
        guard let unneeded else { return false }
        if unneeded > 0 { budget.release(unneeded) }
        return true
    }

    /// Takes what the connection needs that the file's engine cannot do without, and waits for it if it is not free.
    ///
    /// - Parameter makeWay: closes the engine's other connections that are idle, so that it holds nothing that it could
    ///   do without while it waits. One in use is not waiting for anything, and is closed when it comes back.
    /// - Returns: false if it did not come free in time; nothing is taken then.
    func reserveForWriter(makeWay: () -> Void = {}) async -> Bool {
        if reserveNow() { return true }
        makeWay()
        guard await budget.reserve(Self.perConnection, timeout: timeout, queued: makeRoom) else { return false }
        let isParkedOneTaken = state.withLock { state in
            defer { state.take() }
            return state.parked > 0
        }
        if isParkedOneTaken { budget.release(1) }
        // Who looked for an engine to close just now did not see that this one holds any.
        makeRoom()
        return true
    }

    /// Takes what one more connection needs and `count` for files beside it, and waits for them if they are not free.
    /// They are promised to the connections that open next, until ``endExpectation()``.
    ///
    /// - Returns: false if they did not come free in time; nothing is taken then.
    func expectConnection(beside count: Int) async -> Bool {
        guard await reserve(beside: count + Self.perConnection) else { return false }
        state.withLock { state in
            state.expectations += 1
            state.promised += 1
        }
        return true
    }

    /// Gives back what no connection has taken that was promised: who expected one has it, or has given up.
    func endExpectation() {
        let unneeded = state.withLock { $0.endExpectation() }
        if unneeded > 0 { budget.release(unneeded) }
    }

    /// Takes `count` for files that are no connection of the engine, and waits for them if they are not free.
    ///
    /// - Returns: false if they did not come free in time; nothing is taken then.
    func reserve(beside count: Int) async -> Bool {
        await budget.reserve(count, timeout: timeout, queued: makeRoom)
    }

    /// Gives back what was taken beside the connections.
    func release(beside count: Int) {
        budget.release(count)
    }

    /// Gives back what a connection held that has closed, or could not be opened.
    func release() {
        let freed = state.withLock { $0.giveBack() }
        budget.release(freed)
    }
}
