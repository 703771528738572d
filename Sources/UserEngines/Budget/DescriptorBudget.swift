import DequeModule
import Synchronization
import Timekeeping

/// The file descriptors that databases may hold, shared by all engines.
///
/// An engine's writer waits for its share, in one first-in-first-out queue, and its engine gives up its idle readers
/// before; a reader only tries. So nobody waits here while keeping a share that another one waits for.
public final class DescriptorBudget: Sendable {
    private struct Waiter {
        let id: Int
        let count: Int
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State: ~Copyable {
        var used = 0
        var waiters: Deque<Waiter> = []
        var lastWaiter = 0

        /// Gives those at the head of the queue what has become free.
        mutating func serve(capacity: Int) -> [Waiter] {
            var served: [Waiter] = []
            while let first = waiters.first, used + first.count <= capacity {
                used += first.count
                served.append(waiters.removeFirst())
            }
            return served
        }
    }

    /// Descriptors that may be in use at once.
    public let capacity: Int

    private let time: any TimeSource
    private let usedNow = Atomic<Int>(0)
    private let waitingNow = Atomic<Int>(0)
    /// Guards the queue and the count; nothing is awaited or called out to under it.
    private let state = Mutex(State())

    /// Makes a budget that nobody uses yet. It must have room for one engine at least.
    public init(capacity: Int, time: any TimeSource) {
        precondition(capacity >= EngineDescriptors.perConnection, "a budget has room for one connection")
        self.capacity = capacity
        self.time = time
    }

    /// Descriptors in use or promised. Takes no lock.
    public var used: Int { usedNow.load(ordering: .relaxed) }

    /// Whether what is free does not suffice for a further connection. Takes no lock.
    public var isSpent: Bool { used + EngineDescriptors.perConnection > capacity }

    /// Those who wait for descriptors. Takes no lock. Of one order with the uses of engines: see ``OpenEngine/uses``.
    public var waiting: Int { waitingNow.load(ordering: .sequentiallyConsistent) }

    /// Takes `count` descriptors if they are free and nobody waits for them.
    func reserveNow(_ count: Int) -> Bool {
        decide { state in
            guard state.waiters.isEmpty, state.used + count <= capacity else { return false }
            state.used += count
            return true
        }
    }

    /// Takes `count` descriptors as soon as they are free and everybody who came before has theirs.
    ///
    /// - Parameter queued: called once if this has to wait, when it is in the queue: the moment to make room.
    /// - Returns: false if they were not free within `timeout`, or the task was cancelled; nothing is taken then.
    func reserve(_ count: Int, timeout: Duration, queued: () -> Void) async -> Bool {
        if reserveNow(count) { return true }
        let id = decide { state in
            state.lastWaiter += 1
            return state.lastWaiter
        }
        var timer: Task<Void, Never>?
        defer { timer?.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let served = decide { state in
                    state.waiters.append(Waiter(id: id, count: count, continuation: continuation))
                    return state.serve(capacity: capacity)
                }
                for waiter in served { waiter.continuation.resume(returning: true) }
                let deadline = time.now.advanced(by: timeout)
                timer = Task { [time] in
                    if (try? await time.sleep(until: deadline)) != nil { withdraw(id) }
                }
                queued()
                // A cancellation that came before the waiter was queued found nothing to withdraw.
                if Task.isCancelled { withdraw(id) }
            }
        } onCancel: {
            withdraw(id)
        }
    }

    /// Gives `count` descriptors back.
    func release(_ count: Int) {
        let served = decide { state in
            state.used -= count
            precondition(state.used >= 0, "more descriptors were given back than taken")
            return state.serve(capacity: capacity)
        }
        for waiter in served { waiter.continuation.resume(returning: true) }
    }

    private func withdraw(_ id: Int) {
        let (withdrawn, served) = decide { state -> (Waiter?, [Waiter]) in
            guard let index = state.waiters.firstIndex(where: { $0.id == id }) else { return (nil, []) }
            let waiter = state.waiters.remove(at: index)
            // The one behind may need less.
            return (waiter, state.serve(capacity: capacity))
        }
        withdrawn?.continuation.resume(returning: false)
        for waiter in served { waiter.continuation.resume(returning: true) }
    }

    private func decide<Outcome>(_ transition: (inout State) -> sending Outcome) -> sending Outcome {
        state.withLock { state in
            let outcome = transition(&state)
            usedNow.store(state.used, ordering: .relaxed)
            waitingNow.store(state.waiters.count, ordering: .sequentiallyConsistent)
            return outcome
        }
    }
}
