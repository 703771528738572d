import Glibc

/// Where a connection comes from.
public struct RemoteAddress: Hashable, Sendable, CustomStringConvertible {
    /// The numeric address; an IPv4 address that came over an IPv6 socket is written as IPv4.
    public let host: String
    /// The client's port.
    public let port: UInt16

    /// Makes an address, for calling a handler without a server.
    public init(host: String, port: UInt16) {
        self.host = host
        self.port = port
    }

    /// `host:port`, with brackets around an IPv6 address.
    public var description: String {
        host.contains(":") ? "[\(host)]:\(port)" : "\(host):\(port)"
    }

    init(_ address: UnsafePointer<sockaddr>?) {
        switch (address?.pointee.sa_family).map(Int32.init) {
        case AF_INET:
            self = UnsafeRawPointer(address!).withMemoryRebound(to: sockaddr_in.self, capacity: 1) { address in
                RemoteAddress(
                    host: Self.numeric(AF_INET, address.pointer(to: \.sin_addr)!),
                    port: UInt16(bigEndian: address.pointee.sin_port))
            }
        case AF_INET6:
            self = UnsafeRawPointer(address!).withMemoryRebound(to: sockaddr_in6.self, capacity: 1) { address in
                let host = Self.numeric(AF_INET6, address.pointer(to: \.sin6_addr)!)
                return RemoteAddress(
                    host: host.hasPrefix("::ffff:") && host.contains(".") ? String(host.dropFirst(7)) : host,
                    port: UInt16(bigEndian: address.pointee.sin6_port))
            }
        default:
            self.init(host: "unknown", port: 0)
        }
    }

    private static func numeric(_ family: Int32, _ address: UnsafeRawPointer) -> String {
        withUnsafeTemporaryAllocation(of: CChar.self, capacity: Int(INET6_ADDRSTRLEN)) { buffer in
            let text = inet_ntop(family, address, buffer.baseAddress, socklen_t(buffer.count))
            return text.map { String(cString: $0) } ?? "unknown"
        }
    }
}
