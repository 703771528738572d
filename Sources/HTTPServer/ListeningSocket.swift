import CMicroHTTPD
import Glibc
import Synchronization

/// A bound TCP socket that listens.
final class ListeningSocket: Sendable {
    let descriptor: Int32
    /// The port, also where the system chose it.
    let port: UInt16
    private let isClosed = Atomic(false)

    deinit {
        close()
    }

    /// Refuses connections from now on, also those that wait to be accepted.
    func close() {
        if !isClosed.exchange(true, ordering: .relaxed) { _ = Glibc.close(descriptor) }
    }

    /// Binds the first of the host's addresses that can be bound.
    init(_ configuration: ServerConfiguration) throws(ServerError) {
        var hints = addrinfo()
        hints.ai_family = AF_UNSPEC
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        hints.ai_flags = AI_NUMERICSERV | AI_PASSIVE
        var list: UnsafeMutablePointer<addrinfo>?
        guard getaddrinfo(configuration.host, String(configuration.port), &hints, &list) == 0, let list else {
            throw ServerError(.hostNotFound, configuration)
        }
        defer { freeaddrinfo(list) }
        var code = ServerError.Code.hostNotFound
        for address in sequence(first: list, next: { $0.pointee.ai_next }) {
            switch Self.listen(on: address.pointee) {
            case .success(let descriptor):
                self.descriptor = descriptor
                port = Self.port(of: descriptor)
                return
            case .failure(let failure):
                code = Self.code(for: failure.number)
            }
        }
        throw ServerError(code, configuration)
    }

    private struct SystemError: Error {
        let number: Int32
    }

    private static func listen(on address: addrinfo) -> Result<Int32, SystemError> {
        let descriptor = coffer_stream_socket(address.ai_family)
        guard descriptor >= 0 else { return .failure(SystemError(number: errno)) }
        var yes: Int32 = 1
        setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, socklen_t(MemoryLayout<Int32>.size))
        guard bind(descriptor, address.ai_addr, address.ai_addrlen) == 0, Glibc.listen(descriptor, SOMAXCONN) == 0
        else {
            defer { _ = Glibc.close(descriptor) }
            return .failure(SystemError(number: errno))
        }
        return .success(descriptor)
    }

    private static func port(of descriptor: Int32) -> UInt16 {
        var address = sockaddr_storage()
        var size = socklen_t(MemoryLayout<sockaddr_storage>.size)
        return withUnsafeMutableBytes(of: &address) { bytes in
            let address = bytes.assumingMemoryBound(to: sockaddr.self).baseAddress
            guard getsockname(descriptor, address, &size) == 0 else { return 0 }
            return RemoteAddress(address).port
        }
    }

    private static func code(for number: Int32) -> ServerError.Code {
        switch number {
        case EADDRINUSE: .addressInUse
        case EADDRNOTAVAIL, EAFNOSUPPORT: .addressNotAvailable
        case EACCES, EPERM: .permissionDenied
        default: .noResources
        }
    }
}
