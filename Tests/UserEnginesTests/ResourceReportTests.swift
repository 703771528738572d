import Logging
import Metrics
import Synchronization
import Testing
import Timekeeping

@testable import UserEngines

@Suite("The resource monitor's line")
struct ResourceReportTests {
    @Test("one for each pass, with descriptors by class and what the engines hold")
    func line() async throws {
        try await EngineFixture.run { fixture in
            let user = try await fixture.makeUser()
            _ = try await fixture.run("CREATE TABLE t (a)", as: user)
            let session = fixture.activity.begin(
                user: user, kind: .session, until: fixture.time.now.advanced(by: .seconds(60)))
            let recorder = LineRecorder()
            let reaper = Reaper(
                registry: fixture.registry, activity: fixture.activity, locks: fixture.locks,
                configuration: ReaperConfiguration(), time: fixture.time, workers: fixture.workers,
                logger: Logger(label: "test") { _ in recorder }, endExpired: {})
            _ = await reaper.pass()
            let lines = recorder.lines.all.filter { "\($0.message)" == "resource monitor" }
            #expect(lines.count == 1)
            let values = try #require(lines.first?.metadata).compactMapValues { Int("\($0)") }
            #expect(
                Set(values.keys) == [
                    "open_fds", "limit", "engines", "connections", "leased", "protected_users", "locks_held",
                    "fds_main",
                    "fds_wal", "fds_shm", "fds_socket", "fds_other",
                ])
            #expect(values["engines"] == 1)
            #expect(values["connections"] == 1)
            #expect(values["leased"] == 0)
            #expect(values["protected_users"] == 1)
            #expect(values["limit"] == OpenDescriptors.limit)
            #expect(values["fds_main"] ?? 0 >= 1)
            #expect(values["fds_wal"] ?? 0 >= 1)
            let classes = values.filter { $0.key.hasPrefix("fds_") }.values.reduce(0, +)
            #expect(values["open_fds"] == classes)
            session.end()
        }
    }

    @Test("descriptors run short above 80 % of the limit, whatever it is", arguments: [10, 100, 1_048_576])
    func short(limit: Int) {
        #expect(!ResourceReport.isShort(open: limit * 8 / 10, limit: limit))
        #expect(ResourceReport.isShort(open: limit * 8 / 10 + 1, limit: limit))
    }
}

/// Keeps what is logged.
private struct LineRecorder: LogHandler {
    final class Lines: Sendable {
        private let recorded = Mutex<[LogEvent]>([])

        func append(_ event: LogEvent) { recorded.withLock { $0.append(event) } }

        var all: [LogEvent] { recorded.withLock { $0 } }
    }
    var logLevel = Logger.Level.info
    var metadata: Logger.Metadata = [:]
    let lines = Lines()

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) { lines.append(event) }
}
