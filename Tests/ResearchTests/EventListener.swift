import Accounts
import CofferTesting
import Synchronization
import UserEngines

@testable import Research

/// One listener in a task of its own, and what it was sent.
final class EventListener: Sendable {
    private let received = Mutex<[String]>([])
    private let givenUp = Atomic(false)
    private let task = Mutex<Task<Void, any Error>?>(nil)

    /// Listens from now on. Each part that is sent passes `gate` first.
    init(
        to research: ResearchID, of events: ResearchEvents, after lastSeen: EventID? = nil, gate: Gate? = nil,
        isEntitled: @escaping @Sendable () -> Bool = { true }
    ) {
        let started = Task {
            try await events.listen(
                to: research, after: lastSeen, isEntitled: isEntitled,
                giveUp: {
                    self.givenUp.store(true, ordering: .relaxed)
                    gate?.open()
                }
            ) { bytes in
                await gate?.pass()
                if self.givenUp.load(ordering: .relaxed) { throw CancellationError() }
                self.received.withLock { $0.append(String(decoding: bytes, as: UTF8.self)) }
            }
        }
        task.withLock { $0 = started }
    }

    var wasGivenUp: Bool { givenUp.load(ordering: .relaxed) }

    /// Everything that was sent, part by part.
    var parts: [String] { received.withLock { $0 } }

    /// The events among it, as `id kind data`; comments as `:`.
    var events: [String] {
        parts.flatMap { $0.split(separator: "\n\n") }.compactMap { block in
            let lines = block.split(separator: "\n")
            if lines == [":"] { return ":" }
            guard lines.count == 3 && lines[2].hasPrefix("data: ") else { return nil }
            return lines.map { $0.split(separator: " ", maxSplits: 1)[1] }.joined(separator: " ")
        }
    }

    func cancel() {
        task.withLock { $0 }?.cancel()
    }

    /// Waits until the stream has ended; whether it ended without an error.
    func end() async -> Bool {
        await (try? task.withLock { $0 }?.value) != nil
    }

    /// Waits until `count` parts were sent.
    func parts(atLeast count: Int) async throws {
        try await eventually { parts.count >= count }
    }
}

/// Counts the dropped listeners.
final class DropCounter: ResearchEventsObserver {
    private let counted = Mutex<[ListenerDropReason]>([])

    var reasons: [ListenerDropReason] { counted.withLock { $0 } }

    func listenerDropped(_ reason: ListenerDropReason) {
        counted.withLock { $0.append(reason) }
    }
}
