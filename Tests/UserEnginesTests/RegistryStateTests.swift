import Synchronization
import Testing
import Timekeeping

@testable import UserEngines

/// What becomes of an engine when uses of it end, which they do without the registry's lock.
@Suite struct RegistryStateTests {
    private final class Fake: Sendable {}
    private typealias State = RegistryState<Fake>

    private let user = UserID()
    private let now = MonotonicInstant(nanoseconds: 1)

    @Test("the end of the last use is told to whoever has asked for the close meanwhile, and no other end is")
    func lastEnd() throws {
        var state = makeState()
        let first = try use(&state)
        let second = try use(&state)
        #expect(first.endUse() == .used)
        #expect(second.endUse() == .unused)
        let third = try use(&state)
        let fourth = try use(&state)
        #expect(askForClose(&state) == nil)
        #expect(third.endUse() == .used)
        #expect(end(third, &state) == nil)
        #expect(fourth.endUse() == .marked)
        #expect(end(fourth, &state) == .logout)
        #expect(end(third, &state) == nil)
    }

    @Test("a close that is asked for between the end of the last use and what follows from it is begun once, at once")
    func closeAfterEnd() throws {
        var state = makeState()
        let open = try use(&state)
        #expect(askForClose(&state) == nil)
        #expect(open.endUse() == .marked)
        #expect(askForClose(&state) == .logout)
        #expect(end(open, &state) == nil)
    }

    @Test("a use that begins before the end of another is looked at keeps the engine, and its own end is told")
    func useAfterEnd() throws {
        var state = makeState()
        let first = try use(&state)
        #expect(askForClose(&state) == nil)
        #expect(first.endUse() == .marked)
        let second = try use(&state)
        #expect(end(first, &state) == nil)
        let uses = state.snapshot(of: user)?.uses
        #expect(uses == 1)
        #expect(second.endUse() == .marked)
        #expect(end(second, &state) == .logout)
    }

    @Test("who has become active keeps the engine, and later ends are told no more")
    func activeAgain() throws {
        var state = makeState()
        let first = try use(&state)
        #expect(askForClose(&state) == nil)
        #expect(first.endUse() == .marked)
        #expect(end(first, &state, isActive: true) == nil)
        let second = try use(&state)
        #expect(second.endUse() == .unused)
        #expect(end(second, &state) == nil)
        let counts = state.counts
        #expect(counts == RegistryCounts(opening: 0, open: 1, closing: 0))
    }

    @Test("the last use to end makes room for who waits for it, and no more than is waited for")
    func room() throws {
        var state = makeState()
        let open = try use(&state)
        #expect(open.endUse() == .unused)
        #expect(end(open, &state, waitingForRoom: 1) == .budget)
        let other = UserID()
        _ = state.step(for: other, keyEpoch: 0, at: now)
        _ = state.opened(other, Fake(), at: now, isActive: true)
        let second = try use(&state, of: other)
        #expect(second.endUse() == .unused)
        let closing = state.useEnded(of: second, other, waitingForRoom: 1, isActive: true)
        #expect(closing == nil)
    }

    @Test("a draining ends with the last use, and one that was given up leaves the close that was asked for before")
    func draining() throws {
        var state = makeState()
        let first = try use(&state)
        #expect(askForClose(&state) == nil)
        guard case .drain(let draining) = state.takeFiles(of: user, reason: .maintenance) else {
            Issue.record("an engine in use must be drained")
            return
        }
        let late = state.useIfOpen(user, at: now)
        #expect(late == nil)
        _ = state.giveUpDraining(draining, of: user)
        #expect(first.endUse() == .marked)
        #expect(end(first, &state) == .logout)

        state = makeState()
        let second = try use(&state)
        _ = state.takeFiles(of: user, reason: .maintenance)
        #expect(second.endUse() == .marked)
        #expect(end(second, &state) == .maintenance)
    }

    @Test(
        "a close that is asked for during a draining is not forgotten when that is given up, and without one nothing follows"
    )
    func drainingGivenUp() throws {
        for isAskedFor in [true, false] {
            var state = makeState()
            let open = try use(&state)
            guard case .drain(let draining) = state.takeFiles(of: user, reason: .maintenance) else {
                Issue.record("an engine in use must be drained")
                return
            }
            if isAskedFor { #expect(askForClose(&state) == nil) }
            #expect(open.endUse() == .marked)
            _ = state.giveUpDraining(draining, of: user)
            #expect(end(open, &state) == (isAskedFor ? .logout : nil))
            if isAskedFor { continue }
            let next = try use(&state)
            #expect(next.endUse() == .unused)
        }
    }

    /// An engine in use, as two threads meet it.
    private final class Meeting: Sendable {
        let state: Mutex<State>
        let open: State.Open
        let waiting = Atomic(0)
        let closings = Mutex<[CloseReason]>([])
        private let arrived = Atomic(0)

        init(_ state: consuming sending State, _ open: State.Open) {
            self.state = Mutex(state)
            self.open = open
        }

        /// Waits a moment for the other thread, so that both go on at once.
        func arrive() {
            arrived.add(1, ordering: .relaxed)
            var turns = 0
            while arrived.load(ordering: .relaxed) < 2 && turns < 10_000 { turns += 1 }
        }

        func note(_ closing: State.Closing?) {
            if let closing { closings.withLock { $0.append(closing.reason) } }
        }
    }

    @Test(
        "of a use that ends while somebody asks for the close, or for room, one or the other begins the close",
        arguments: [true, false])
    func meetings(isForRoom: Bool) async throws {
        let user = user
        let meetings = try (0..<10_000).map { _ in
            var state = makeState()
            let open = try use(&state)
            return Meeting(state, open)
        }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                for meeting in meetings {
                    meeting.arrive()
                    let end = meeting.open.endUse()
                    guard
                        end == .marked || end == .unused && meeting.waiting.load(ordering: .sequentiallyConsistent) > 0
                    else { continue }
                    meeting.note(
                        meeting.state.withLock {
                            $0.useEnded(
                                of: meeting.open, user,
                                waitingForRoom: meeting.waiting.load(ordering: .sequentiallyConsistent), isActive: false
                            )
                        })
                }
            }
            group.addTask {
                for meeting in meetings {
                    meeting.arrive()
                    if isForRoom { meeting.waiting.store(1, ordering: .sequentiallyConsistent) }
                    meeting.note(
                        meeting.state.withLock {
                            isForRoom
                                ? $0.closeLeastRecentlyUsed(waitingForRoom: 1) { _ in true }
                                : $0.closeIfUnneeded(user, reason: .logout, isActive: false)
                        })
                }
            }
        }
        #expect(meetings.allSatisfy { $0.closings.withLock { $0 } == [isForRoom ? .budget : .logout] })
    }

    @Test("the end of a use of an engine that was closed by force concerns nobody, its successor least of all")
    func successor() throws {
        var state = makeState()
        let first = try use(&state)
        guard case .close(let closing) = state.forceStep(user, reason: .admin) else {
            Issue.record("an open engine must be closed")
            return
        }
        _ = state.closed(closing, failed: false)
        _ = state.step(for: user, keyEpoch: 0, at: now)
        _ = state.opened(user, Fake(), at: now, isActive: true)
        #expect(first.endUse() == .unused)
        #expect(end(first, &state, waitingForRoom: 1) == nil)
        let counts = state.counts
        #expect(counts == RegistryCounts(opening: 0, open: 1, closing: 0))
    }

    /// A state in which the user's engine is open and unused.
    private func makeState() -> State {
        var state = State()
        _ = state.step(for: user, keyEpoch: 0, at: now)
        _ = state.opened(user, Fake(), at: now, isActive: true)
        return state
    }

    private func use(_ state: inout State, of other: UserID? = nil) throws -> State.Open {
        let open = state.useIfOpen(other ?? user, at: now)
        return try #require(open)
    }

    private func askForClose(_ state: inout State) -> CloseReason? {
        state.closeIfUnneeded(user, reason: .logout, isActive: false)?.reason
    }

    private func end(
        _ open: State.Open, _ state: inout State, waitingForRoom: Int = 0, isActive: Bool = false
    ) -> CloseReason? {
        state.useEnded(of: open, user, waitingForRoom: waitingForRoom, isActive: isActive)?.reason
    }
}
