import CofferTesting
import Glibc
import SQLCipher
import Synchronization
import Testing
import Timekeeping
import Workers

@testable import UserEngines

@Suite("The time that a run takes") struct RunClockTests {
    @Test("work counts")
    func work() async throws {
        try await eventually {
            let clock = RunClock()
            while clock.read().elapsed < .milliseconds(5) {}
            return try #require(clock.read().taken) > .milliseconds(2)
        }
    }

    @Test("what other threads take of the processor does not count")
    func others() async throws {
        let others = WorkerExecutor(threads: 8 * sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        defer { others.shutdown() }
        let isOver = Flag()
        for _ in 0..<8 * sysconf(Int32(_SC_NPROCESSORS_ONLN)) {
            Task(executorPreference: others) { while !isOver.isRaised {} }
        }
        defer { isOver.raise() }
        try await eventually {
            let clock = RunClock()
            for number in 0..<2_000_000 { _ = blackHole(number) }
            let time = clock.read()
            return try #require(time.taken) < time.elapsed / 2
        }
    }

    @Test("without a measurement, what a quick run takes is known by the clock, and of another nothing")
    func unmeasured() async throws {
        try await eventually { RunClock(measuresUsage: false).read().taken != nil }
        let clock = RunClock(measuresUsage: false)
        while clock.read().elapsed < RunHistory.quickRun {}
        #expect(clock.read().taken == nil)
    }
}

private final class Flag: Sendable {
    private let value = Atomic(false)
    var isRaised: Bool { value.load(ordering: .relaxed) }
    func raise() { value.store(true, ordering: .relaxed) }
}

@inline(never) private func blackHole(_ number: Int) -> Int { number }
