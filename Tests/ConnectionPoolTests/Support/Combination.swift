import CofferTesting
import Synchronization

@testable import ConnectionPool

/// How one step of a connection's life goes.
enum StepOutcome: String, CaseIterable {
    case ok
    case error
    /// Ends well, later than at once and long before any deadline.
    case slow
    /// Does not end before everybody's deadline is over.
    case never
    /// Ends well, but the user it happens for is cancelled meanwhile.
    case cancelled
}

/// One way in which the steps of a pool's connections can go: each kind of step takes its outcome the first times it
/// happens, and goes well afterwards.
struct Combination: CustomStringConvertible {
    let open: StepOutcome
    let check: StepOutcome
    let use: StepOutcome
    let reset: StepOutcome
    let close: StepOutcome
    /// How often each step takes its outcome before it goes well.
    let times: Int

    var description: String {
        "open \(open), check \(check), use \(use), reset \(reset), close \(close), \(times) times"
    }

    var outcomes: [StepOutcome] { [open, check, use, reset, close] }

    static func all(open: StepOutcome, times: Int) -> [Combination] {
        let any = StepOutcome.allCases
        return any.flatMap { check in
            any.flatMap { use in
                any.flatMap { reset in
                    any.map { close in
                        Combination(open: open, check: check, use: use, reset: reset, close: close, times: times)
                    }
                }
            }
        }
    }
}

/// A pool whose steps go as a combination says, and its users.
final class CombinationRun: Sendable {
    typealias User = Attempt<Void>

    let fixture = PoolFixture(PoolConfiguration(maximum: 2))
    private let combination: Combination
    private let slow = Gate()
    private let never = Gate()
    private let users = Mutex<[User]>([])
    private let uses = Atomic<Int>(0)

    init(_ combination: Combination) {
        self.combination = combination
        let steps: [(FakeDriver.Step, StepOutcome)] = [
            (.open, combination.open), (.check, combination.check), (.reset, combination.reset),
            (.close, combination.close),
        ]
        for (step, outcome) in steps {
            fixture.driver.script(step) { [unowned self] occurrence, _ in
                if occurrence < combination.times { try await play(outcome, of: step) }
            }
        }
    }

    /// 4 users at once want a connection, and the time passes until each of them has one, has had it, or has given up.
    func playUsers() -> [User] {
        let wave = (0..<4).map { _ in
            fixture.executor.start { [self] in try await fixture.pool.withConnection { try await use($0) } }
        }
        users.withLock { $0 = wave }
        fixture.run()
        fixture.advance(by: .milliseconds(500))
        slow.open()
        fixture.run()
        slow.close()
        fixture.advance(by: .seconds(5))
        return wave
    }

    /// Closes the pool, and lets what was never to end do so once the deadline is over.
    func close() -> PoolOccupancy? {
        slow.open()
        let closing = fixture.close(deadline: .seconds(10))
        fixture.advance(by: .seconds(10))
        never.open()
        fixture.run()
        return closing.value
    }

    private func use(_ connection: FakeConnection) async throws {
        let occurrence = uses.wrappingAdd(1, ordering: .relaxed).oldValue
        guard occurrence < combination.times else {
            return await connection.exclusively("a use") { await Task.yield() }
        }
        switch combination.use {
        case .never: try await connection.work()
        case .cancelled:
            withUnsafeCurrentTask { $0?.cancel() }
            try await connection.work()
        case .ok, .error, .slow:
            try await connection.exclusively("a use") { try await play(combination.use, of: nil) }
        }
    }

    private func play(_ outcome: StepOutcome, of step: FakeDriver.Step?) async throws {
        switch outcome {
        case .ok: await Task.yield()
        case .error: throw FakeError.broken
        case .slow: await slow.pass()
        case .never: await never.pass()
        case .cancelled:
            // A reset runs in the task of its user; the other steps belong to the pool and happen for whoever is first.
            if step == .reset {
                withUnsafeCurrentTask { $0?.cancel() }
            } else {
                users.withLock { users in users.first { !$0.isOver } }?.cancel()
            }
            await Task.yield()
        }
    }
}
