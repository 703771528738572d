import Logging
import Synchronization
import Timekeeping
import Workers

/// An HTTP/1.1 server over libmicrohttpd.
///
/// Event threads receive, send, and run what is short; everything else runs on `workers` while its connection is
/// suspended, so that slow work never stalls another client.
public final class Server: Sendable {
    private struct Running {
        let daemon: Daemon
        let acceptor: Acceptor
        let acceptorThread: BackgroundThread
        let watchdogThread: BackgroundThread
        let port: UInt16
    }

    private enum State {
        case new
        case running(Running)
        case stopped
    }

    let core: ServerCore
    private let state = Mutex(State.new)

    /// Makes a server that does not listen yet.
    ///
    /// `problem` says what a client is told about an error that is no ``Problem``; `logText` what the log says beside
    /// the error's type where the answer is 5xx, `nil` for nothing: it must hold no secret. `workers` must outlive
    /// ``shutdown(deadline:)``, and so must `lightWorkers`, which are the same ones unless given.
    public init(
        configuration: ServerConfiguration, router: Router, workers: WorkerExecutor,
        lightWorkers: WorkerExecutor? = nil, time: any TimeSource = SystemTime(), logger: Logger,
        observer: (any HTTPObserver)? = nil,
        problem: @escaping @Sendable (any Error) -> Problem = { _ in .internalError },
        logText: @escaping @Sendable (any Error) -> String? = { _ in nil }
    ) {
        core = ServerCore(
            configuration: configuration, router: router, workers: workers, lightWorkers: lightWorkers ?? workers,
            time: time, logger: logger, observer: observer ?? NoObserver(), problem: problem, logText: logText)
    }

    /// Listens and answers from now on. A server that was started must be shut down.
    public func start() throws(ServerError) {
        try state.withLock { state throws(ServerError) in
            guard case .new = state else { throw ServerError(.alreadyStarted, core.configuration) }
            let socket = try ListeningSocket(core.configuration)
            guard let daemon = Daemon(core) else { throw ServerError(.noResources, core.configuration) }
            let acceptor = Acceptor(
                socket: socket, daemon: daemon, connections: core.connections,
                maximumConnections: core.configuration.maximumConnections, logger: core.logger)
            let watchdog = core.watchdog
            state = .running(
                Running(
                    daemon: daemon, acceptor: acceptor, acceptorThread: BackgroundThread { acceptor.run() },
                    watchdogThread: BackgroundThread { watchdog.run() }, port: socket.port))
        }
    }

    /// The port that is listened on; 0 unless the server runs.
    public var port: UInt16 {
        state.withLock { if case .running(let running) = $0 { running.port } else { 0 } }
    }

    /// The requests that are being received or answered.
    public var requestsInFlight: Int { core.requests.count }

    /// The connections that are open.
    public var openConnections: Int { core.connections.count }

    /// Whether ``beginDraining()`` or ``shutdown(deadline:)`` has been called.
    public var isDraining: Bool { core.isDraining }

    /// From now on every new request is answered 503 `draining` with `Retry-After`, except on routes that answer while
    /// draining, and every response closes its connection. The server goes on listening, so that a readiness check
    /// can say 503 before connections are refused.
    public func beginDraining() {
        core.beginDraining()
    }

    /// Stops: drains and stops listening; gives requests in flight until `deadline` to be answered; then cancels their
    /// tasks and gives them `cancellationGrace` to be answered after all; then closes every connection. Returns when
    /// all threads have ended and every descriptor is closed; the result is the number of handlers that had not
    /// returned even then. Does nothing on a server that does not run.
    @discardableResult
    public func shutdown(deadline: Duration) async -> Int {
        let running = state.withLock { state -> Running? in
            guard case .running(let running) = state else { return nil }
            state = .stopped
            return running
        }
        guard let running else { return 0 }
        core.beginDraining()
        running.acceptor.stop()
        await BackgroundThread.run { running.acceptorThread.join() }
        let drained = core.time.now.advanced(by: deadline)
        await core.time.wait(until: drained) { [core] in await core.requests.waitUntilIdle() }
        for connection in core.connections.all { connection.exchange?.cancel() }
        let graceEnd = core.time.now.advanced(by: core.configuration.cancellationGrace)
        await core.time.wait(until: graceEnd) { [core] in await core.requests.waitUntilIdle() }
        core.connections.stopSuspending()
        // In a task of its own, for it must not end early when this one is cancelled.
        await Task { [core] in await core.resumptions.waitUntilIdle() }.value
        await BackgroundThread.run { [core] in
            running.daemon.stop()
            core.watchdog.stop()
            running.watchdogThread.join()
        }
        await core.time.wait(until: graceEnd) { [core] in await core.tasks.waitUntilIdle() }
        return core.tasks.count
    }
}
