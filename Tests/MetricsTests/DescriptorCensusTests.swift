import CofferTesting
import Glibc
import Synchronization
import Testing

@testable import Metrics

/// Other tests open and close descriptors in the same process meanwhile, so these look for their own by number.
@Suite("The descriptor census")
struct DescriptorCensusTests {
    @Test("Every class is told, deleted files in theirs, with the directory and without", arguments: [true, false])
    func classes(withDirectory: Bool) {
        withTemporaryDirectory { folder in
            let opened =
                ["main.db", "service.db", "main.db-wal", "main.db-shm", "main.db-journal", "db", "note.dbx"]
                .map { openFile($0, in: folder) }
                + [socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0), open("/dev/null", O_RDONLY | O_CLOEXEC)]
            defer { for descriptor in opened { close(descriptor) } }
            for name in folder.entries { unlink(folder.file(name)) }
            let found = descriptorClasses(in: withDirectory ? "/proc/self/fd" : "/nonexistent")
            #expect(
                opened.map { found[$0] } == [.main, .main, .wal, .shm, .other, .other, .other, .socket, .other])
        }
    }

    @Test("The census counts what the walk finds")
    func counts() {
        withTemporaryDirectory { folder in
            let opened = (0..<50).map { openFile("\($0).db-shm", in: folder) }
            defer { for descriptor in opened { close(descriptor) } }
            let census = DescriptorCensus.take()
            #expect(census[.shm] >= opened.count)
            #expect(census.total == DescriptorCensus.Class.allCases.reduce(0) { $0 + census[$1] })
            #expect(census.total <= OpenDescriptors.limit)
        }
    }

    @Test("How many are open is known with each way of counting: the directory's size, its entries, and all numbers")
    func count() {
        withTemporaryDirectory { folder in
            func counts() -> [Int] {
                [
                    OpenDescriptors.count, OpenDescriptors.countByWalk(),
                    OpenDescriptors.countByWalk(in: "/nonexistent"),
                ]
            }
            let before = counts()
            // More than other tests open and close meanwhile.
            let opened = (0..<500).map { openFile("\($0)", in: folder) }
            defer { for descriptor in opened { close(descriptor) } }
            for (before, now) in zip(before, counts()) { #expect(300...700 ~= now - before) }
        }
    }

    @Test("The latest census stays as it is until it is renewed")
    func latest() {
        withTemporaryDirectory { folder in
            let latest = LatestCensus()
            let before = latest.census
            let opened = (0..<50).map { openFile("\($0).db-shm", in: folder) }
            defer { for descriptor in opened { close(descriptor) } }
            #expect(latest.census == before)
            let renewed = latest.renew()
            #expect(renewed[.shm] >= opened.count)
            #expect(latest.census == renewed)
        }
    }

    @Test("What stays open is found exactly once while other threads open and close")
    func churn() async {
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
                let found = descriptorClasses()
                #expect(kept.allSatisfy { found[$0] == .main })
            }
            stop.isGiven.store(true, ordering: .relaxed)
        }
        await concurrently([churn, churn, count])
        for descriptor in kept { close(descriptor) }
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
