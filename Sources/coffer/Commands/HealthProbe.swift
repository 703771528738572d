import Glibc

/// One HTTP request over a blocking socket, with a time limit: a health check must not hang with its server.
enum HealthProbe {
    struct Target: Equatable {
        var host: String
        var port: UInt16
        var path: String
    }

    struct Unreachable: Error {
        let reason: String

        static var current: Unreachable { Unreachable(reason: String(cString: strerror(errno))) }
    }

    /// An address that stands for every interface is reached over loopback.
    static func reachable(_ host: String) -> String {
        switch host {
        case "0.0.0.0": "127.0.0.1"
        case "::": "::1"
        default: host
        }
    }

    /// The status of the answer to a `GET`.
    static func status(of target: Target, timeoutSeconds: Int) throws -> Int {
        let descriptor = try connect(target, timeoutSeconds: timeoutSeconds)
        defer { close(descriptor) }
        let request = "GET \(target.path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        guard send(descriptor, request, request.utf8.count, Int32(MSG_NOSIGNAL)) == request.utf8.count else {
            throw Unreachable.current
        }
        var head = [UInt8](repeating: 0, count: 64)
        var length = 0
        while length < "HTTP/1.1 200".utf8.count {
            let count = head.withUnsafeMutableBytes { recv(descriptor, $0.baseAddress! + length, $0.count - length, 0) }
            guard count > 0 else { throw count == 0 ? Unreachable(reason: "no answer") : Unreachable.current }
            length += count
        }
        let parts = String(decoding: head[..<length], as: UTF8.self).split(separator: " ")
        guard parts.count >= 2, parts[0].hasPrefix("HTTP/1."), let status = Int(parts[1].prefix(3)) else {
            throw Unreachable(reason: "the answer is not HTTP")
        }
        return status
    }

    private static func connect(_ target: Target, timeoutSeconds: Int) throws -> Int32 {
        var hints = addrinfo()
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        var found: UnsafeMutablePointer<addrinfo>?
        let result = getaddrinfo(target.host, "\(target.port)", &hints, &found)
        guard result == 0, let address = found else {
            throw Unreachable(reason: String(cString: gai_strerror(result)))
        }
        defer { freeaddrinfo(found) }
        let descriptor = socket(address.pointee.ai_family, address.pointee.ai_socktype, address.pointee.ai_protocol)
        guard descriptor >= 0 else { throw Unreachable.current }
        var limit = timeval(tv_sec: timeoutSeconds, tv_usec: 0)
        for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
            setsockopt(descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
        }
        guard Glibc.connect(descriptor, address.pointee.ai_addr, address.pointee.ai_addrlen) == 0 else {
            defer { close(descriptor) }
            throw Unreachable.current
        }
        return descriptor
    }
}

extension HealthProbe.Target {
    /// Reads `http://HOST[:PORT][/PATH]`; the path is `/health/ready` when there is none.
    init?(url: String) {
        // A space or a line end would end the request line.
        guard url.hasPrefix("http://"), url.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else { return nil }
        let rest = url.dropFirst("http://".count)
        let authority = rest.prefix { $0 != "/" }
        let path = rest[authority.endIndex...]
        let host: Substring
        let port: Substring
        if authority.hasPrefix("["), let end = authority.firstIndex(of: "]") {
            host = authority[authority.index(after: authority.startIndex)..<end]
            port = authority[authority.index(after: end)...]
        } else {
            host = authority.prefix { $0 != ":" }
            port = authority[host.endIndex...]
        }
        guard !host.isEmpty, port.isEmpty || port.hasPrefix(":") else { return nil }
        guard let number = port.isEmpty ? 80 : UInt16(port.dropFirst()) else { return nil }
        self.init(host: String(host), port: number, path: path.isEmpty ? "/health/ready" : String(path))
    }
}
