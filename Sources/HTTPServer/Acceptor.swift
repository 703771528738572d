import CMicroHTTPD
import Glibc
import Logging
import Synchronization

/// The thread that accepts connections and gives them to libmicrohttpd.
///
/// libmicrohttpd can listen itself, but cannot stop listening safely: `MHD_quiesce_daemon` and the event loop both
/// remove the socket from the epoll set, and the one that comes second aborts the process.
final class Acceptor: Sendable {
    private static let pauseMilliseconds: Int32 = 50

    private let socket: ListeningSocket
    private let daemon: Daemon
    private let connections: ConnectionTable
    private let maximumConnections: Int
    private let logger: Logger
    private let wake = WakeSignal()
    private let isStopped = Atomic(false)

    init(
        socket: ListeningSocket, daemon: Daemon, connections: ConnectionTable, maximumConnections: Int,
        logger: Logger
    ) {
        self.socket = socket
        self.daemon = daemon
        self.connections = connections
        self.maximumConnections = maximumConnections
        self.logger = logger
    }

    /// Runs until ``stop()``, then stops listening.
    func run() {
        defer {
            socket.close()
            wake.close()
        }
        while !isStopped.load(ordering: .acquiring) {
            guard connections.admit(maximum: maximumConnections) else {
                wake.wait(milliseconds: Self.pauseMilliseconds)
                continue
            }
            if !(wake.wait(milliseconds: -1, or: socket.descriptor) && acceptOne()) { connections.withdraw() }
        }
    }

    func stop() {
        isStopped.store(true, ordering: .releasing)
        wake.send()
    }

    /// Whether libmicrohttpd has a connection more.
    private func acceptOne() -> Bool {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutableBytes(of: &address) { bytes in
            let address = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
            let client = coffer_accept(socket.descriptor, address, &size)
            guard client >= 0 else {
                refused(errno)
                return false
            }
            return daemon.add(client, address, size)
        }
    }

    private func refused(_ number: Int32) {
        switch number {
        case EMFILE, ENFILE, ENOBUFS, ENOMEM:
            logger.warning("no resources to accept a connection", metadata: ["errno": "\(number)"])
            wake.wait(milliseconds: Self.pauseMilliseconds)
        default:
            // The client has gone before it was accepted, or another error that is its own.
            break
        }
    }
}
