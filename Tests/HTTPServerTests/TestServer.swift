import CofferTesting
import HTTPServer
import Logging
import Synchronization
import Timekeeping
import Workers

/// A running server with what it needs, for one test.
struct TestServer {
    let server: Server
    let templates: [String]
    let workers: WorkerExecutor
    let observer: RecordingObserver
    let log: RecordedLog

    var port: UInt16 { server.port }

    /// The template of the route that took a request.
    func template(of request: FinishedRequest) -> String? { request.route.map { templates[$0] } }

    /// Runs `body` against a server with the given routes, then stops it, also when `body` throws.
    static func run(
        configuration: (inout ServerConfiguration) -> Void = { _ in }, time: any TimeSource = SystemTime(),
        lightWorkers: WorkerExecutor? = nil,
        problem: @escaping @Sendable (any Error) -> Problem = { _ in .internalError },
        logText: @escaping @Sendable (any Error) -> String? = { _ in nil },
        routes: (inout Router) -> Void, body: (TestServer) async throws -> Void
    ) async throws {
        var settings = ServerConfiguration(port: 0)
        configuration(&settings)
        var router = Router()
        routes(&router)
        let observer = RecordingObserver()
        let log = RecordedLog()
        let workers = WorkerExecutor(threads: 4)
        let server = Server(
            configuration: settings, router: router, workers: workers, lightWorkers: lightWorkers, time: time,
            logger: Logger(label: "test") { _ in log.handler }, observer: observer, problem: problem,
            logText: logText)
        try server.start()
        let running = TestServer(
            server: server, templates: router.templates, workers: workers, observer: observer, log: log)
        let result: Result<Void, any Error>
        do {
            result = .success(try await body(running))
        } catch {
            result = .failure(error)
        }
        await server.shutdown(deadline: .seconds(10))
        workers.shutdown()
        try result.get()
    }

    /// Runs `body` with a client, and closes it.
    func withClient<Result>(
        receiveBuffer: Int32? = nil, _ body: (HTTPClient) async throws -> Result
    ) async throws -> Result {
        let client = try HTTPClient(port: port, receiveBuffer: receiveBuffer)
        do {
            let result = try await body(client)
            await client.close()
            return result
        } catch {
            await client.close()
            throw error
        }
    }
}

/// Keeps what a server reports, and lets a test wait for it.
final class RecordingObserver: HTTPObserver {
    private struct State {
        var finished: [FinishedRequest] = []
        var waiters: [(count: Int, continuation: CheckedContinuation<[FinishedRequest], Never>)] = []
    }

    private let state = Mutex(State())

    func requestFinished(_ request: FinishedRequest) {
        let (finished, satisfied) = state.withLock { state in
            state.finished.append(request)
            let count = state.finished.count
            let satisfied = state.waiters.filter { $0.count <= count }
            state.waiters.removeAll { $0.count <= count }
            return (state.finished, satisfied)
        }
        for waiter in satisfied { waiter.continuation.resume(returning: finished) }
    }

    /// Waits until `count` requests are over; all of them.
    func finished(atLeast count: Int) async -> [FinishedRequest] {
        await withCheckedContinuation { continuation in
            let finished = state.withLock { state -> [FinishedRequest]? in
                if state.finished.count >= count { return state.finished }
                state.waiters.append((count, continuation))
                return nil
            }
            if let finished { continuation.resume(returning: finished) }
        }
    }
}

/// Keeps what is logged.
final class RecordedLog: Sendable {
    struct Line: Sendable {
        let level: Logger.Level
        let message: String
        let metadata: [String: String]
    }

    private let recorded = Mutex<[Line]>([])

    var lines: [Line] { recorded.withLock { $0 } }

    var handler: any LogHandler { Handler(log: self) }

    private struct Handler: LogHandler {
        let log: RecordedLog
        var logLevel = Logger.Level.debug
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) {
            let line = Line(
                level: event.level, message: "\(event.message)",
                metadata: (event.metadata ?? [:]).mapValues { "\($0)" })
            log.recorded.withLock { $0.append(line) }
        }
    }
}
