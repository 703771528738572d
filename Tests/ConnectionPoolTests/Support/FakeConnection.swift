import CofferTesting
import Synchronization

enum FakeError: Error {
    case refused
    case broken
    case constraint
    case interrupted
}

/// A connection that knows what may be done to it when, and remembers what was done wrong.
final class FakeConnection: Sendable {
    struct State {
        var isOpen = true
        var isBusy = false
        var isInterrupted = false
        var hasOpenTransaction = false
        var deferred: [Int] = []
        var finalized: [Int] = []
        var violations: [String] = []
    }

    let number: Int
    let state = Mutex(State())
    private let workGate = Gate()

    init(number: Int) {
        self.number = number
    }

    var isOpen: Bool { state.withLock { $0.isOpen } }
    var isInterrupted: Bool { state.withLock { $0.isInterrupted } }

    /// Does something on the connection that nothing else may overlap.
    func exclusively<Outcome>(_ what: String, _ body: () async throws -> Outcome) async rethrows -> Outcome {
        state.withLock { state in
            if state.isBusy { state.violations.append("\(what) overlaps another use") }
            if !state.isOpen { state.violations.append("\(what) after the close") }
            state.isBusy = true
        }
        defer { state.withLock { $0.isBusy = false } }
        return try await body()
    }

    /// A query that runs until the test ends it with ``finishWork()`` or someone interrupts it.
    func work() async throws {
        try await exclusively("a query") {
            await workGate.pass()
            if isInterrupted { throw FakeError.interrupted }
        }
    }

    func finishWork() {
        workGate.open()
    }

    func interrupt() {
        state.withLock { $0.isInterrupted = true }
        workGate.open()
    }

    /// Leaves a cleanup for the next holder, from any thread.
    func leaveCleanup(_ cleanup: Int) {
        state.withLock { $0.deferred.append(cleanup) }
    }

    func drain() {
        state.withLock { state in
            if state.isBusy { state.violations.append("a drain overlaps a use") }
            if !state.isOpen { state.violations.append("a drain after the close") }
            state.finalized += state.deferred
            state.deferred = []
        }
    }

    func markClosed() {
        state.withLock { state in
            if !state.isOpen { state.violations.append("closed twice") }
            state.isOpen = false
        }
    }
}
