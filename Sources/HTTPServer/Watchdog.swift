import CMicroHTTPD
import Glibc
import Synchronization
import Timekeeping
import Workers

/// The thread that enforces what libmicrohttpd does not: it times out only idle connections, and does not look at
/// suspended ones (https://www.gnu.org/software/libmicrohttpd/manual/libmicrohttpd.html).
final class Watchdog: Sendable {
    private static let tickMilliseconds: Int32 = 50

    private let table: ConnectionTable
    private let limits: ConnectionLimits
    private let time: any TimeSource
    private let timeoutAnswer: @Sendable (RequestID?) -> [UInt8]
    private let wake = WakeSignal()
    private let isStopped = Atomic(false)

    init(
        table: ConnectionTable, limits: ConnectionLimits, time: any TimeSource,
        timeoutAnswer: @escaping @Sendable (RequestID?) -> [UInt8]
    ) {
        self.table = table
        self.limits = limits
        self.time = time
        self.timeoutAnswer = timeoutAnswer
    }

    /// Runs until ``stop()``.
    func run() {
        defer { wake.close() }
        while !isStopped.load(ordering: .acquiring) {
            wake.wait(milliseconds: table.count == 0 ? -1 : Self.tickMilliseconds)
            checkConnections(at: time.now)
        }
    }

    /// There is a connection to watch.
    func connectionOpened() {
        wake.send()
    }

    func stop() {
        isStopped.store(true, ordering: .releasing)
        wake.send()
    }

    /// One pass over all connections.
    func checkConnections(at now: MonotonicInstant) {
        let waiting = table.all.filter { $0.check(at: now, limits: limits, timeoutAnswer: timeoutAnswer) }
        for connection in Self.goneClients(among: waiting) { connection.clientHasGone() }
    }

    /// A socket that was closed since, or reused, only gives a wrong answer for a connection that is closed.
    private static func goneClients(among connections: [ClientConnection]) -> [ClientConnection] {
        guard !connections.isEmpty else { return [] }
        var entries = connections.map { pollfd(fd: $0.socket, events: coffer_poll_client_gone(), revents: 0) }
        guard poll(&entries, nfds_t(entries.count), 0) > 0 else { return [] }
        return zip(connections, entries).filter { $1.revents != 0 }.map(\.0)
    }
}
