import Secrets
import Synchronization
import Timekeeping
import Workers

/// Hashes passwords on threads of its own, so many at once, the others waiting in order without a thread.
///
/// A hash takes its thread and a lot of memory for tens of milliseconds: neither an event thread nor the cooperative
/// pool may run one, and their number at once bounds the memory.
final class PasswordHasher: Sendable {
    private let executor: WorkerExecutor
    private let turns: TurnQueue
    private let hashesAtOnce: Int
    private let time: any TimeSource
    private let observer: (any AccountsObserver)?
    /// The smoothed duration of a hash, which the advice when to try again goes by.
    private let typicalDuration = Mutex<Duration>(.zero)

    init(hashesAtOnce: Int, queueLimit: Int, time: any TimeSource, observer: (any AccountsObserver)? = nil) {
        executor = WorkerExecutor(threads: hashesAtOnce)
        turns = TurnQueue(turns: hashesAtOnce, waitingLimit: queueLimit)
        self.hashesAtOnce = hashesAtOnce
        self.time = time
        self.observer = observer
    }

    /// The number of passwords that wait for their hash.
    var waitingCount: Int { turns.waitingCount }

    /// Derives the sealing key of `password` when its turn comes; right before, `admit` may still refuse.
    ///
    /// Throws ``AccountError`` with `password_queue_full` when too many wait, `CancellationError` when the task is
    /// cancelled while it waits, and what `admit` throws.
    func sealingKey(
        from password: Password, by hash: PasswordHash, admit: () throws(AccountError) -> Void = {}
    ) async throws -> GuardedBytes {
        do {
            return try await turns.withTurn {
                try admit()
                return try await run(password, hash)
            }
        } catch let full as TurnQueue.Full {
            throw AccountError.passwordQueueFull(retryAfter: waitingTime(behind: full.waiting))
        }
    }

    /// Ends the threads. Called when nobody hashes any more.
    func shutdown() {
        executor.shutdown()
    }

    private func run(_ password: Password, _ hash: PasswordHash) async throws -> GuardedBytes {
        let time = time
        let (key, duration) = try await Task(executorPreference: executor) {
            let start = time.now
            let key = try hash.sealingKey(from: password)
            return (key, start.duration(to: time.now))
        }.value
        typicalDuration.withLock { $0 = $0 == .zero ? duration : ($0 * 7 + duration) / 8 }
        observer?.passwordHashed(in: duration)
        return key
    }

    private func waitingTime(behind waiting: Int) -> Duration {
        let rounds = (waiting + hashesAtOnce) / hashesAtOnce
        return max(.seconds(1), typicalDuration.withLock { $0 } * rounds)
    }
}
