import CMicroHTTPD
import Glibc
import Logging

/// libmicrohttpd's daemon: its event threads and their connections.
///
/// Sound as `@unchecked Sendable`: the pointer never changes, and the functions called with it are thread-safe
/// (https://www.gnu.org/software/libmicrohttpd/manual/libmicrohttpd.html#microhttpd_002dintro).
final class Daemon: @unchecked Sendable {
    private let handle: OpaquePointer
    /// What the callbacks are given; held until the daemon has stopped.
    private let core: Unmanaged<ServerCore>

    /// Starts the event threads. `nil` if the system has no resources for them.
    init?(_ core: ServerCore) {
        let owner = Unmanaged.passRetained(core)
        var options = Self.options(core.configuration, owner.toOpaque())
        let flags =
            MHD_USE_EPOLL_INTERNAL_THREAD.rawValue | MHD_ALLOW_SUSPEND_RESUME.rawValue | MHD_USE_ITC.rawValue
            | MHD_USE_NO_LISTEN_SOCKET.rawValue | MHD_USE_ERROR_LOG.rawValue
        let started = options.withUnsafeMutableBufferPointer { options in
            withVaList([
                Int32(MHD_OPTION.ARRAY.rawValue), OpaquePointer(options.baseAddress!), Int32(MHD_OPTION.END.rawValue),
            ]) {
                MHD_start_daemon_va(flags, 0, nil, nil, handleRequest, owner.toOpaque(), $0)
            }
        }
        guard let started else {
            owner.release()
            return nil
        }
        handle = started
        self.core = owner
    }

    /// Takes over a connected socket; closes it if it cannot.
    func add(_ socket: Int32, _ address: UnsafePointer<sockaddr>?, _ size: socklen_t) -> Bool {
        MHD_add_connection(handle, socket, address, size) == .YES
    }

    /// Ends the event threads and closes every connection. Blocks until that has happened. No connection may be
    /// suspended, nor become so.
    func stop() {
        MHD_stop_daemon(handle)
        core.release()
    }

    private static func options(
        _ configuration: ServerConfiguration, _ core: UnsafeMutableRawPointer
    ) -> [MHD_OptionItem] {
        func item(_ option: MHD_OPTION, _ value: Int, _ pointer: UnsafeMutableRawPointer? = nil) -> MHD_OptionItem {
            MHD_OptionItem(option: option, value: value, ptr_value: pointer)
        }
        // The acceptor keeps the limit; a connection on its way in between must not be closed for it.
        let slack = 64 * max(configuration.eventThreads, 1)
        var options = [
            item(.EXTERNAL_LOGGER, unsafeBitCast(logMessage as MHD_LogCallback, to: Int.self), core),
            item(.CONNECTION_MEMORY_LIMIT, configuration.connectionMemoryBytes),
            item(.CONNECTION_LIMIT, configuration.maximumConnections + slack),
            item(.CONNECTION_TIMEOUT, max(1, Int(configuration.idleTimeout.inWholeSecondsRoundedUp))),
            item(.PER_IP_CONNECTION_LIMIT, configuration.maximumConnectionsPerAddress),
            item(
                .NOTIFY_CONNECTION, unsafeBitCast(connectionChanged as MHD_NotifyConnectionCallback, to: Int.self), core
            ),
            item(.URI_LOG_CALLBACK, unsafeBitCast(requestLineArrived as RequestLineCallback, to: Int.self), core),
            item(
                .NOTIFY_COMPLETED, unsafeBitCast(requestCompleted as MHD_RequestCompletedCallback, to: Int.self), core),
        ]
        if configuration.eventThreads > 1 { options.append(item(.THREAD_POOL_SIZE, configuration.eventThreads)) }
        options.append(item(.END, 0))
        return options
    }
}

extension Duration {
    fileprivate var inWholeSecondsRoundedUp: Int64 {
        components.seconds + (components.attoseconds > 0 ? 1 : 0)
    }
}
