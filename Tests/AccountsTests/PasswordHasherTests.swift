import Glibc
import Secrets
import Synchronization
import Testing
import Timekeeping

@testable import Accounts

@Suite("Password hasher", .timeLimit(.minutes(1)))
struct PasswordHasherTests {
    private let hash = PasswordHash(parameters: .fastest)
    private let password = try! Password(copying: [UInt8]("correct horse".utf8))

    @Test("gives the key that the hash gives, on a thread of its own")
    func key() async throws {
        let clock = ThreadRecorder()
        let hasher = PasswordHasher(hashesAtOnce: 1, queueLimit: 1, time: clock)
        #expect(try await hasher.sealingKey(from: password, by: hash) == hash.sealingKey(from: password))
        #expect(try await hasher.sealingKey(from: password, by: hash) == hash.sealingKey(from: password))
        // The only thread is the hasher's: no other task can have run on it.
        let hashing = clock.threads
        #expect(hashing.count == 1)
        #expect(!hashing.contains(pthread_self()))
        hasher.shutdown()
    }

    @Test("asks for admission when the turn comes, and hashes nothing when that is refused")
    func admission() async throws {
        let counter = RecordingObserver()
        let hasher = PasswordHasher(hashesAtOnce: 1, queueLimit: 1, time: SystemTime(), observer: counter)
        await #expect(throws: AccountError.invalidCredentials) {
            try await hasher.sealingKey(from: password, by: hash) { () throws(AccountError) in
                throw .invalidCredentials
            }
        }
        #expect(counter.hashes == 0)
        _ = try await hasher.sealingKey(from: password, by: hash)
        #expect(counter.hashes == 1)
        hasher.shutdown()
    }

    @Test("says when to come back once its queue is full")
    func queueFull() async throws {
        let clock = BlockingClock()
        let hasher = PasswordHasher(hashesAtOnce: 1, queueLimit: 1, time: clock)
        async let running = hasher.sealingKey(from: password, by: hash)
        try await poll { clock.isBlocking }
        async let waiting = hasher.sealingKey(from: password, by: hash)
        try await poll { hasher.waitingCount == 1 }
        await #expect {
            _ = try await hasher.sealingKey(from: password, by: hash)
        } throws: { error in
            let error = error as? AccountError
            return error?.code == .passwordQueueFull && error?.retryAfter == .seconds(1)
        }
        clock.open()
        _ = try await (running, waiting)
        hasher.shutdown()
    }
}

/// A clock that notes the threads on which it was read: the hasher reads it right before and after a hash.
private final class ThreadRecorder: TimeSource {
    private let seen = Mutex<Set<pthread_t>>([])

    var threads: Set<pthread_t> { seen.withLock { $0 } }

    var now: MonotonicInstant {
        _ = seen.withLock { $0.insert(pthread_self()) }
        return SystemTime().now
    }

    var unixTime: UnixTime { SystemTime().unixTime }

    func sleep(until deadline: MonotonicInstant) async throws {
        try await SystemTime().sleep(until: deadline)
    }
}

/// A clock that holds whoever reads it until it is opened: the hasher's own thread, in the middle of a hash.
private final class BlockingClock: TimeSource {
    private let state = Mutex((isOpen: false, isBlocking: false))

    var isBlocking: Bool { state.withLock { $0.isBlocking } }

    func open() { state.withLock { $0.isOpen = true } }

    var now: MonotonicInstant {
        while true {
            let isOpen = state.withLock { state in
                state.isBlocking = true
                return state.isOpen
            }
            if isOpen { return SystemTime().now }
            usleep(1_000)
        }
    }

    var unixTime: UnixTime { SystemTime().unixTime }

    func sleep(until deadline: MonotonicInstant) async throws {
        try await SystemTime().sleep(until: deadline)
    }
}
