import Accounts
import Synchronization
import Timekeeping
import UserEngines

/// Told what becomes of listeners, for metrics. Called on whatever thread did it, so it is quick.
public protocol ResearchEventsObserver: Sendable {
    /// A listener was sent away.
    func listenerDropped(_ reason: ListenerDropReason)
}

/// What happens to running researches, and who is told.
///
/// It lives in memory only: events are hints to read what has changed, and the record is what counts. Nothing here
/// opens a database or keeps a research alive.
public final class ResearchEvents: Sendable {
    /// How often a quiet stream gets a comment.
    public static let heartbeatInterval: Duration = .seconds(15)

    private let table: Mutex<ListenerTable>
    private let time: any TimeSource
    private let observer: (any ResearchEventsObserver)?

    /// Makes a hub that knows of no research yet.
    public convenience init(time: any TimeSource, observer: (any ResearchEventsObserver)? = nil) {
        self.init(time: time, observer: observer, limits: EventRing.Limits())
    }

    init(time: any TimeSource, observer: (any ResearchEventsObserver)?, limits: EventRing.Limits) {
        self.time = time
        self.observer = observer
        table = Mutex(ListenerTable(epoch: EventID.randomEpoch(), limits: limits))
    }

    /// Those who listen now.
    public var listenerCount: Int { table.withLock { $0.listenerCount } }

    // MARK: - What happens

    /// A research runs from now on: it was started, or taken over after a restart. Does nothing for one that does
    /// already.
    public func begin(_ research: ResearchID, of user: UserID) {
        table.withLock { $0.begin(research, of: user) }
    }

    /// Tells the listeners of a running research. `json` is one line, as small as can be, since the ring is bounded.
    /// Does nothing for a research that does not run.
    public func publish(_ kind: ResearchEvent.Kind, json: [UInt8], of research: ResearchID) {
        perform(table.withLock { $0.publish(kind, json, of: research) })
    }

    /// A research has ended. Its listeners are sent what they have not got, then `json` as its final `state` unless it
    /// is `nil`, and their streams end.
    public func end(_ research: ResearchID, state json: [UInt8]?) {
        perform(table.withLock { $0.end(research, state: json) })
    }

    // MARK: - Who is told

    /// Whether it runs and is that user's.
    public func isRunning(_ research: ResearchID, of user: UserID) -> Bool {
        table.withLock { $0.isRunning(research, of: user) }
    }

    /// Sends the stream of a research to one listener until the research ends, the listener is dropped, `send` throws,
    /// or the task is cancelled. Waiting for events holds no thread. Sends nothing if the research does not run.
    ///
    /// - Parameters:
    ///   - lastSeen: the event to go on after. If it or one after it has gone, a `reset` comes first. `nil` to hear
    ///     only of what happens from now on.
    ///   - isEntitled: whether the listener may still listen; asked at the beginning, with each heartbeat and by
    ///     ``dropUnentitled()``.
    ///   - giveUp: makes a `send` that waits for a client throw, as it will from then on.
    ///   - send: sends the next part of the stream; returns when there is room for more.
    public func listen(
        to research: ResearchID, after lastSeen: EventID?, isEntitled: @escaping @Sendable () -> Bool,
        giveUp: @escaping @Sendable () -> Void, send: ([UInt8]) async throws -> Void
    ) async throws {
        let added = table.withLock {
            $0.add(to: research, after: lastSeen, isEntitled: isEntitled, giveUp: giveUp)
        }
        guard let id = added else { return }
        defer { table.withLock { $0.remove(id) } }
        // What ended the entitlement may have looked for listeners just before this one was there.
        if !isEntitled() { perform(table.withLock { $0.drop([id], .sessionEnded) }) }
        while true {
            switch table.withLock({ $0.step(of: id) }) {
            case .send(let bytes): try await send(bytes)
            case .wait: try await wait(id)
            case .end: return
            }
        }
    }

    private func wait(_ id: ListenerID) async throws {
        await withTaskCancellationHandler {
            await withCheckedContinuation { waiter in
                let mustWait = table.withLock { table in
                    // A cancellation that came before this found no waiter to wake.
                    !Task.isCancelled && table.wait(id, waiter)
                }
                if !mustWait { waiter.resume() }
            }
        } onCancel: {
            table.withLock { $0.takeWaiter(of: id) }?.resume()
        }
        try Task.checkCancellation()
    }

    /// Ends the streams of those who may not listen any more. Called when a session has ended.
    public func dropUnentitled() {
        let gone = table.withLock { $0.entitlements }.filter { !$0.1() }.map(\.0)
        if !gone.isEmpty { perform(table.withLock { $0.drop(gone, .sessionEnded) }) }
    }

    /// Whether ``close()`` has been called.
    public var isClosed: Bool { table.withLock { $0.isClosed } }

    /// Ends every stream, and every later one at its beginning: the server stops.
    public func close() {
        perform(table.withLock { $0.close() })
    }

    /// Sends heartbeats, for all listeners at once, until the task is cancelled.
    public func run() async {
        while (try? await time.sleep(for: Self.heartbeatInterval)) != nil {
            dropUnentitled()
            perform(table.withLock { $0.beat() })
        }
    }

    private func perform(_ effects: ListenerTable.Effects) {
        for reason in effects.dropped { observer?.listenerDropped(reason) }
        for giveUp in effects.giveUp { giveUp() }
        for waiter in effects.wake { waiter.resume() }
    }
}
