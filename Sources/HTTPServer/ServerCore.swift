import Logging
import Synchronization
import Timekeeping
import Workers

/// What every connection and exchange of a server shares.
final class ServerCore: Sendable {
    /// The bytes of an unwanted body that are read and dropped, so that the connection can be kept.
    static let discardLimit: Int64 = 65536

    let configuration: ServerConfiguration
    let router: Router
    let workers: WorkerExecutor
    let lightWorkers: WorkerExecutor
    let time: any TimeSource
    let logger: Logger
    /// The logger's, which takes longer to ask for than all else that is done about a request that is not logged.
    let logLevel: Logger.Level
    let observer: any HTTPObserver
    let problem: @Sendable (any Error) -> Problem
    let logText: @Sendable (any Error) -> String?

    let connections = ConnectionTable()
    let limits: ConnectionLimits
    let watchdog: Watchdog
    private let draining = Atomic(false)

    // These stand last, and in this order, so that what is written for every request lies in no cache line with what
    // every request reads.

    /// Calls of libmicrohttpd that put a connection back: it must not be stopped meanwhile.
    let resumptions = ActivityCount()
    /// Tasks of handlers and of streamed responses.
    let tasks = ActivityCount()
    /// Requests whose header has been read and that are not over.
    let requests = ActivityCount()

    init(
        configuration: ServerConfiguration, router: Router, workers: WorkerExecutor, lightWorkers: WorkerExecutor,
        time: any TimeSource, logger: Logger, observer: any HTTPObserver,
        problem: @escaping @Sendable (any Error) -> Problem, logText: @escaping @Sendable (any Error) -> String?
    ) {
        self.configuration = configuration
        self.router = router
        self.workers = workers
        self.lightWorkers = lightWorkers
        self.time = time
        self.logger = logger
        logLevel = logger.logLevel
        self.observer = observer
        self.problem = problem
        self.logText = logText
        limits = ConnectionLimits(configuration)
        watchdog = Watchdog(table: connections, limits: limits, time: time) { requestID in
            var identifiers = RequestIdentifiers()
            let id = requestID ?? identifiers.next()
            return RawResponse.encode(Problem.requestTimeout.response(requestID: id), requestID: id) ?? []
        }
    }

    var isDraining: Bool { draining.load(ordering: .relaxed) }

    func beginDraining() {
        draining.store(true, ordering: .relaxed)
    }

    /// Who runs the tasks of handlers and of streamed responses.
    func executor(for dispatch: Dispatch) -> WorkerExecutor {
        switch dispatch {
        case .light: lightWorkers
        case .worker: workers
        }
    }

    // MARK: - Connections, told by libmicrohttpd

    func connectionOpened(_ handle: OpaquePointer) -> ClientConnection {
        let deadline = time.now.advanced(by: configuration.headerTimeout)
        let connection = ClientConnection(handle, requestBy: deadline, of: self)
        if connections.insert(connection) { watchdog.connectionOpened() }
        return connection
    }

    func connectionClosed(_ connection: ClientConnection) {
        connection.close()
        connections.remove(connection)
    }
}

extension ConnectionLimits {
    init(_ configuration: ServerConfiguration) {
        headerTimeout = configuration.headerTimeout
        idleTimeout = configuration.idleTimeout
        let rate = Int128(configuration.minimumBodyRate)
        bodyBytesPerWindow = Int(clamping: rate * Int128(headerTimeout.wholeNanoseconds) / 1_000_000_000)
    }
}
