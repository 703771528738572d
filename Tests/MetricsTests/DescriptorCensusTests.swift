import CofferTesting
import Glibc
import Synchronization
import Testing

@testable import Metrics

/// The counts are exact, so each test runs in a process of its own, where nobody else opens descriptors.
@Suite("The descriptor census")
struct DescriptorCensusTests {
    @Test("Every class is counted, deleted files in theirs, and the census leaves itself out")
    func classes() async {
        await #expect(processExitsWith: .success) {
            let before = DescriptorCensus.take()
            #expect(DescriptorCensus.take() == before)
            #expect(before.total == (0..<Int32(1024)).count { fcntl($0, F_GETFD) != -1 })
            let folder = TemporaryDirectory()
            let opened =
                ["main.db", "service.db", "main.db-wal", "main.db-shm", "main.db-journal", "db", "note.dbx"]
                .map { openFile($0, in: folder) } + [
                    socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0), open("/dev/null", O_RDONLY),
                ]
            #expect(opened.allSatisfy { $0 >= 0 })
            for name in folder.entries { unlink(folder.file(name)) }
            let census = DescriptorCensus.take()
            #expect(census[.main] - before[.main] == 2)
            #expect(census[.wal] - before[.wal] == 1)
            #expect(census[.shm] - before[.shm] == 1)
            #expect(census[.socket] - before[.socket] == 1)
            #expect(census[.other] - before[.other] == 4)
            #expect(census.total - before.total == 9)
            for descriptor in opened { close(descriptor) }
            #expect(DescriptorCensus.take() == before)
        }
    }

    @Test("At the limit, where no directory can be opened, the count is still right")
    func exhaustion() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryDirectory()
            var limit = rlimit(rlim_cur: 256, rlim_max: 0)
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = 256
            #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
            let before = DescriptorCensus.take()
            let wal = openFile("main.db-wal", in: folder)
            let pair = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var copies: [Int32] = []
            while case let copy = dup(wal), copy >= 0 { copies.append(copy) }
            let census = DescriptorCensus.take()
            for descriptor in copies + [wal, pair] { close(descriptor) }
            #expect(census.softLimit == 256)
            #expect(census.total == 256)
            #expect(census[.wal] - before[.wal] == copies.count + 1)
            #expect(census[.socket] - before[.socket] == 1)
            #expect(census[.other] == before[.other])
        }
    }

    @Test("Without the directory the walk finds the same descriptors in the same classes")
    func withoutDirectory() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryDirectory()
            let opened = [
                openFile("main.db", in: folder), openFile("x", in: folder),
                socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0),
            ]
            func walk(_ path: String) -> [Int32: DescriptorCensus.Class] {
                var found: [Int32: DescriptorCensus.Class] = [:]
                OpenDescriptors.forEachClass(in: path) { found[$0] = $1 }
                return found
            }
            #expect(walk("/proc/self/fd") == walk("/nonexistent"))
            #expect(walk("/nonexistent")[opened[0]] == .main)
            for descriptor in opened { close(descriptor) }
        }
    }

    @Test("What stays open is counted exactly once while other threads open and close")
    func churn() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryDirectory()
            let kept = (0..<100).map { openFile("\($0).db", in: folder) }
            let stop = Signal()
            let churn: @Sendable () -> Void = {
                while !stop.isGiven.load(ordering: .relaxed) {
                    let opened = (0..<20).map { openFile("\($0).db-wal", in: folder) }
                    for descriptor in opened { close(descriptor) }
                }
            }
            let count: @Sendable () -> Void = {
                for _ in 0..<200 {
                    let census = DescriptorCensus.take()
                    #expect(census[.main] == kept.count)
                    #expect(0...40 ~= census[.wal])
                }
                stop.isGiven.store(true, ordering: .relaxed)
            }
            await concurrently([churn, churn, count])
            for descriptor in kept { close(descriptor) }
            #expect(DescriptorCensus.take()[.main] == 0)
        }
    }
}

private func openFile(_ name: String, in folder: TemporaryDirectory) -> Int32 {
    open(folder.file(name), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
}

private final class Signal: Sendable {
    let isGiven = Atomic(false)
}
