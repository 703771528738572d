import CofferTesting
import Glibc
import Synchronization
import Testing
import Workers

@Suite("Workers that give way", .timeLimit(.minutes(2)))
struct GivingWayTests {
    /// Gives way in the present job. A long one takes no time here, so it is one at the second call.
    private static func giveWay() {
        for _ in 0..<2 { WorkerExecutor.giveWay() }
    }

    /// A number that the system knows of a process or a thread.
    private static func status(_ name: String, of task: String) throws -> Int {
        let lines = FileContent.text(of: "/proc/\(task)/status").split(separator: "\n")
        let line = lines.first { $0.hasPrefix("\(name):") }
        return try #require(line.flatMap { Int($0.split(separator: "\t").last ?? "") })
    }

    /// How many threads the process has.
    private static func threadCount() throws -> Int { try status("Threads", of: "self") }

    /// The thread that runs the next job, as it is after `work`.
    private func sighting(
        on workers: WorkerExecutor, after work: @escaping @Sendable () -> Void = {}
    ) async -> ThreadSighting {
        await Task(executorPreference: workers) {
            work()
            return ThreadSighting()
        }.value
    }

    @Test("A long job lowers its priority, and the next one has the ordinary priority on another thread")
    func longJob() async throws {
        let workers = WorkerExecutor(threads: 1, longJob: .milliseconds(5))
        defer { workers.shutdown() }
        let before = await sighting(on: workers)
        let long = await sighting(on: workers) {
            while ThreadSighting.presentNiceness == before.niceness { WorkerExecutor.giveWay() }
        }
        #expect(long.path == before.path)
        #expect(long.niceness == min(before.niceness + 10, 19))
        let after = await sighting(on: workers)
        #expect(after.path != long.path)
        #expect(after.niceness == before.niceness)
        try await eventually { !long.exists }
    }

    /// The most often that a job has lost the processor within 50 calls of `giveWay` that follow one another, while others
    /// want to have all of every one. It stops when it has been often, or after 400 times 50: what waited for long is let go on
    /// for a while, however often it yields.
    private func losses(yieldInterval: Duration) async throws -> Int {
        let count = 2 * sysconf(Int32(_SC_NPROCESSORS_ONLN))
        let others = WorkerExecutor(threads: count)
        let workers = WorkerExecutor(threads: 1, yieldInterval: yieldInterval, longJob: .seconds(3600))
        defer { for executor in [others, workers] { executor.shutdown() } }
        let begun = Barrier(UInt32(count) + 1)
        return try await withThrowingTaskGroup(of: Int.self) { group in
            for _ in 0..<count {
                group.addTask(executorPreference: others) {
                    begun.wait()
                    while !Task.isCancelled {}
                    return 0
                }
            }
            group.addTask(executorPreference: workers) {
                begun.wait()
                var most = 0
                for _ in 0..<400 where most <= Self.often {
                    let before = try Self.status("nonvoluntary_ctxt_switches", of: "thread-self")
                    for _ in 0..<50 { WorkerExecutor.giveWay() }
                    most = max(most, try Self.status("nonvoluntary_ctxt_switches", of: "thread-self") - before)
                }
                return most
            }
            defer { group.cancelAll() }
            return try #require(await group.next())
        }
    }

    /// A job that does not yield could only lose the processor as often by being interrupted as often in some microseconds.
    private static let often = 15

    @Test("A job lets those that wait have the processor each time it is due, and not before")
    func yielding() async throws {
        #expect(try await losses(yieldInterval: .zero) > Self.often)
        #expect(try await losses(yieldInterval: .seconds(3600)) <= Self.often)
    }

    @Test("Jobs that are short keep their thread, however many there are")
    func shortJobs() async {
        let workers = WorkerExecutor(threads: 1, yieldInterval: .zero, longJob: .seconds(3600))
        defer { workers.shutdown() }
        let before = await sighting(on: workers)
        for _ in 0..<100 {
            let after = await sighting(on: workers) { Self.giveWay() }
            #expect(after.path == before.path)
            #expect(after.niceness == before.niceness)
        }
    }

    @Test("A thread that is no worker does not give way")
    func others() {
        let before = ThreadSighting()
        Self.giveWay()
        #expect(ThreadSighting.presentNiceness == before.niceness)
    }

    @Test("As many work at once as before when all have given way, and those that have are gone")
    func replacement() async throws {
        let workers = WorkerExecutor(threads: 4, yieldInterval: .zero, longJob: .zero)
        let retired = Sightings()
        for _ in 0..<100 {
            let barrier = Barrier(4)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask(executorPreference: workers) {
                        retired.add()
                        Self.giveWay()
                        barrier.wait()
                    }
                }
            }
        }
        let sightings = retired.all
        #expect(Set(sightings.map(\.niceness)).count == 1)
        workers.shutdown()
        try await eventually { !sightings.contains { $0.exists } }
    }

    @Test("A shutdown waits for those that give way, and for those that have taken their places")
    func shutdown() async throws {
        let before = try Self.threadCount()
        for _ in 0..<200 {
            let workers = WorkerExecutor(threads: 2, yieldInterval: .zero, longJob: .zero)
            let begun = Barrier(3)
            let ended = Sightings()
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<2 {
                    group.addTask(executorPreference: workers) {
                        begun.wait()
                        Self.giveWay()
                        ended.add()
                    }
                }
                begun.wait()
                workers.shutdown()
                #expect(ended.all.count == 2)
            }
        }
        try await eventually { try Self.threadCount() < before + 100 }
    }
}

private final class Sightings: Sendable {
    private let sightings = Mutex<[ThreadSighting]>([])

    var all: [ThreadSighting] { sightings.withLock { $0 } }

    /// Adds the present thread.
    func add() { sightings.withLock { $0.append(ThreadSighting()) } }
}
