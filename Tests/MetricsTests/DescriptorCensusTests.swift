import CofferTesting
import Glibc
import Synchronization
import Testing

@testable import Metrics

/// Each test runs in a process of its own, where nobody else opens databases and sockets. The runtime opens an event
/// descriptor there when it pleases, so what counts as other is compared by number.
@Suite("The descriptor census")
struct DescriptorCensusTests {
    @Test("Every class is counted, deleted files in theirs, and the census leaves itself out")
    func classes() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryDirectory()
            let before = DescriptorCensus.take()
            let opened =
                ["main.db", "service.db", "main.db-wal", "main.db-shm", "main.db-journal", "db", "note.dbx"]
                .map { openFile($0, in: folder) }
                + [socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0), open("/dev/null", O_RDONLY)]
            for name in folder.entries { unlink(folder.file(name)) }
            let found = descriptorClasses()
            #expect(
                opened.map { found[$0] } == [.main, .main, .wal, .shm, .other, .other, .other, .socket, .other])
            #expect(found.keys.allSatisfy { fcntl($0, F_GETFD) != -1 })
            let census = DescriptorCensus.take()
            #expect([census[.main], census[.wal], census[.shm]] == [2, 1, 1])
            #expect(census[.socket] == before[.socket] + 1)
            #expect(census[.other] >= before[.other] + 4)
            #expect(census.total == DescriptorCensus.Class.allCases.reduce(0) { $0 + census[$1] })
            for descriptor in opened { close(descriptor) }
            #expect(Set(opened).isDisjoint(with: descriptorClasses().keys))
        }
    }

    @Test("At the limit, where no directory can be opened, the count is still right")
    func exhaustion() async {
        await #expect(processExitsWith: .success) {
            // Once a timer has fired, the runtime has the descriptors it needs and does not fail for want of one.
            try await Task.sleep(for: .milliseconds(1))
            let folder = TemporaryDirectory()
            let before = DescriptorCensus.take()
            var limit = rlimit()
            getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
            limit.rlim_cur = 256
            #expect(setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0)
            let wal = openFile("main.db-wal", in: folder)
            let pair = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
            var copies: [Int32] = []
            while case let copy = dup(wal), copy >= 0 { copies.append(copy) }
            let census = DescriptorCensus.take()
            for descriptor in copies + [wal, pair] { close(descriptor) }
            #expect(census.softLimit == 256)
            #expect(census.total == 256)
            #expect(census[.wal] == copies.count + 1)
            #expect(census[.socket] == before[.socket] + 1)
        }
    }

    @Test("Without the directory the walk finds the same classes")
    func withoutDirectory() async {
        await #expect(processExitsWith: .success) {
            let folder = TemporaryDirectory()
            let opened =
                ["main.db", "main.db-wal", "main.db-shm", "x"].map { openFile($0, in: folder) }
                + [socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)]
            let found = descriptorClasses(in: "/nonexistent")
            #expect(opened.map { found[$0] } == [.main, .wal, .shm, .other, .socket])
            #expect(found.keys.allSatisfy { fcntl($0, F_GETFD) != -1 })
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

/// Every descriptor that a walk finds, with its class; none may come up twice.
private func descriptorClasses(in path: String = "/proc/self/fd") -> [Int32: DescriptorCensus.Class] {
    var found: [Int32: DescriptorCensus.Class] = [:]
    OpenDescriptors.forEachClass(in: path) { descriptor, itsClass in
        #expect(found.updateValue(itsClass, forKey: descriptor) == nil)
    }
    return found
}

private final class Signal: Sendable {
    let isGiven = Atomic(false)
}
