import Glibc

/// Why a server could not start.
public struct ServerError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What is wrong.
    public enum Code: String, Hashable, Sendable {
        /// Another process listens there.
        case addressInUse = "address_in_use"
        /// No network interface has that address.
        case addressNotAvailable = "address_not_available"
        /// The port needs a privilege that the process does not have.
        case permissionDenied = "permission_denied"
        /// The host is not an address, and no name that resolves to one.
        case hostNotFound = "host_not_found"
        /// The system has no socket, thread or memory left.
        case noResources = "no_resources"
        /// The server has been started before.
        case alreadyStarted = "already_started"
    }

    /// What is wrong.
    public let code: Code
    /// The configured host.
    public let host: String
    /// The configured port.
    public let port: UInt16

    /// One sentence for the operator.
    public var description: String {
        switch code {
        case .addressInUse: "port \(port) on \(host) is in use by another process; stop it, or choose another port"
        case .addressNotAvailable:
            "no network interface of this machine has the address \(host); choose one that it has"
        case .permissionDenied: "this process may not listen on port \(port) on \(host); choose a port from 1024 up"
        case .hostNotFound:
            "the host \(host) is neither an address nor a name that resolves to one; choose another host"
        case .noResources: "the system has no resources left to listen on \(host) port \(port)"
        case .alreadyStarted: "the server for \(host) port \(port) has been started before"
        }
    }

    init(_ code: Code, _ configuration: ServerConfiguration) {
        self.code = code
        host = configuration.host
        port = configuration.port
    }
}
