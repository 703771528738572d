import CMicroHTTPD
import Glibc
import Logging

// What libmicrohttpd calls, on the event thread of the connection. The first argument is the server's core; a
// connection's context is its ``ClientConnection``, a request's its ``Exchange``, each retained while it stands there,
// so that a callback need not count a reference of its own.

typealias RequestLineCallback =
    @convention(c) (UnsafeMutableRawPointer?, UnsafePointer<CChar>?, OpaquePointer?) -> UnsafeMutableRawPointer?

private func core(_ context: UnsafeMutableRawPointer?) -> ServerCore {
    Unmanaged<ServerCore>.fromOpaque(context!).takeUnretainedValue()
}

func connectionChanged(
    _ context: UnsafeMutableRawPointer?, _ handle: OpaquePointer?,
    _ socketContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ change: MHD_ConnectionNotificationCode
) {
    switch change {
    case .CONNECTION_NOTIFY_STARTED:
        socketContext!.pointee = Unmanaged.passRetained(core(context).connectionOpened(handle!)).toOpaque()
    case .CONNECTION_NOTIFY_CLOSED:
        guard let connection = socketContext?.pointee else { return }
        core(context).connectionClosed(Unmanaged<ClientConnection>.fromOpaque(connection).takeRetainedValue())
        socketContext!.pointee = nil
    }
}

/// Called with the target before libmicrohttpd decodes it in place.
func requestLineArrived(
    _: UnsafeMutableRawPointer?, _ target: UnsafePointer<CChar>?, _ handle: OpaquePointer?
) -> UnsafeMutableRawPointer? {
    let socketContext = coffer_mhd_connection_info(handle, .CONNECTION_INFO_SOCKET_CONTEXT)!.pointee.socket_context!
    let bytes = target.map { UnsafeBufferPointer(cString: $0) } ?? UnsafeBufferPointer(start: nil, count: 0)
    return Unmanaged<ClientConnection>.fromOpaque(socketContext)._withUnsafeGuaranteedRef { connection in
        let exchange = Exchange(connection, target: connection.target(bytes))
        connection.begin(exchange)
        return Unmanaged.passRetained(exchange).toOpaque()
    }
}

func handleRequest(
    _: UnsafeMutableRawPointer?, _ handle: OpaquePointer?, _: UnsafePointer<CChar>?, _ method: UnsafePointer<CChar>?,
    _ version: UnsafePointer<CChar>?, _ body: UnsafePointer<CChar>?, _ bodyCount: UnsafeMutablePointer<Int>?,
    _ requestContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?
) -> MHD_Result {
    guard let handle, let context = requestContext?.pointee else { return .NO }
    return Unmanaged<Exchange>.fromOpaque(context)._withUnsafeGuaranteedRef { exchange in
        switch exchange.state.withLock({ $0.stage }) {
        case .head:
            return exchange.begin(handle, method: method!, version: version!)
        case .awaitingDemand:
            return exchange.awaitDemand(on: handle)
        case .receiving, .received, .responding, .answeredUnread, .over:
            guard let bodyCount, bodyCount.pointee > 0, let body else { return exchange.proceed(on: handle) }
            let bytes = UnsafeMutableRawBufferPointer(
                start: UnsafeMutableRawPointer(mutating: body), count: bodyCount.pointee)
            guard let used = exchange.receive(bytes) else { return .NO }
            bodyCount.pointee -= used
            return .YES
        }
    }
}

func requestCompleted(
    _: UnsafeMutableRawPointer?, _ handle: OpaquePointer?,
    _ requestContext: UnsafeMutablePointer<UnsafeMutableRawPointer?>?, _ termination: MHD_RequestTerminationCode
) {
    // A connection whose body's source has failed right after a resume is closed, but in no list that libmicrohttpd
    // 0.9.75 looks at before the idle time-out is over. Those with a time-out of their own it looks at every time.
    if termination == .REQUEST_TERMINATED_WITH_ERROR, let handle { _ = coffer_mhd_set_timeout(handle, 1) }
    guard let context = requestContext?.pointee else { return }
    requestContext!.pointee = nil
    Unmanaged<Exchange>.fromOpaque(context).takeRetainedValue().complete(termination)
}

func logMessage(_ context: UnsafeMutableRawPointer?, _ format: UnsafePointer<CChar>?, _ arguments: CVaListPointer?) {
    let logger = core(context).logger
    guard let format, let arguments, logger.logLevel <= .debug else { return }
    let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 512) { buffer in
        vsnprintf(buffer.baseAddress!, buffer.count, format, arguments)
        return String(cString: buffer.baseAddress!)
    }
    logger.debug("libmicrohttpd", metadata: ["text": "\(text)"])
}
