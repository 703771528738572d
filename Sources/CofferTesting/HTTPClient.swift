import Glibc
import Workers

/// A raw HTTP/1.1 client on one connection: it can also send half a request, garbage, or nothing at all.
///
/// Its calls block, on a thread of its own. Nothing takes longer than `patience`, so that a test fails instead of
/// hanging. Call ``close()`` at the end.
public actor HTTPClient {
    /// What went wrong.
    public enum Failure: Error, Equatable {
        /// A system call failed; the number is `errno`.
        case system(String, Int32)
        /// The other side closed the connection before the response was complete.
        case closed
        /// The other side reset the connection.
        case reset
        /// Nothing came in time.
        case timedOut
        /// What came is no HTTP response.
        case notHTTP(String)
    }

    private nonisolated let executor: SerialThreadExecutor
    private var socket: Int32
    private var received: [UInt8] = []

    /// The actor's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Connects to a port of this machine. `receiveBuffer` sets the system's buffer, in bytes, to make a slow reader.
    public init(port: UInt16, patience: Duration = .seconds(20), receiveBuffer: Int32? = nil) throws {
        socket = try Self.connect(port, patience, receiveBuffer)
        executor = SerialThreadExecutor()
    }

    static func connect(_ port: UInt16, _ patience: Duration, _ receiveBuffer: Int32?) throws -> Int32 {
        let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue), 0)
        guard socket >= 0 else { throw Failure.system("socket", errno) }
        if let receiveBuffer { socket.setOption(SOL_SOCKET, SO_RCVBUF, receiveBuffer) }
        socket.setOption(Int32(IPPROTO_TCP), TCP_NODELAY, Int32(1))
        let limit = timeval(tv_sec: Int(patience.components.seconds), tv_usec: 0)
        socket.setOption(SOL_SOCKET, SO_RCVTIMEO, limit)
        socket.setOption(SOL_SOCKET, SO_SNDTIMEO, limit)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafeBytes(of: &address) { bytes in
            Glibc.connect(
                socket, bytes.assumingMemoryBound(to: sockaddr.self).baseAddress,
                socklen_t(MemoryLayout<sockaddr_in>.size))
        }
        guard result == 0 else {
            defer { _ = Glibc.close(socket) }
            throw Failure.system("connect", errno)
        }
        return socket
    }

    /// Sends a request and reads its response. The connection can be used again.
    public func request(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8]? = nil
    ) throws -> HTTPReply {
        try send(Self.encode(method, path, headers: headers, body: body))
        return try readReply(toHead: method == "HEAD")
    }

    /// Sends a request with a JSON body and reads its response.
    public func request(
        _ method: String, _ path: String, headers: [(String, String)] = [], json: String
    ) throws -> HTTPReply {
        try request(
            method, path, headers: headers + [("Content-Type", "application/json")], body: Array(json.utf8))
    }

    /// The bytes of a request.
    public static func encode(
        _ method: String, _ path: String, headers: [(String, String)] = [], body: [UInt8]? = nil
    ) -> [UInt8] {
        var text = "\(method) \(path) HTTP/1.1\r\nHost: localhost\r\n"
        for (name, value) in headers { text += "\(name): \(value)\r\n" }
        if let body { text += "Content-Length: \(body.count)\r\n" }
        return Array(text.utf8) + Array("\r\n".utf8) + (body ?? [])
    }

    /// Sends text as it is.
    public func send(_ text: String) throws {
        try send(Array(text.utf8))
    }

    /// Sends bytes as they are. Throws ``Failure/timedOut`` when the other side does not read them.
    public func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = bytes.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress! + sent, bytes.count - sent, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { throw Self.failure("send", errno) }
            sent += count
        }
    }

    /// Sends what the system takes without waiting; the number of bytes.
    public func sendWithoutWaiting(_ bytes: [UInt8]) -> Int {
        let flags = Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT)
        return max(0, bytes.withUnsafeBytes { Glibc.send(socket, $0.baseAddress, $0.count, flags) })
    }

    /// Sends one chunk of a chunked body; an empty one ends it.
    public func sendChunk(_ bytes: [UInt8]) throws {
        try send(Array("\(String(bytes.count, radix: 16))\r\n".utf8) + bytes + Array("\r\n".utf8))
    }

    /// Says that nothing more will be sent.
    public func finishSending() {
        shutdown(socket, Int32(SHUT_WR))
    }

    /// Reads one response with its body; an interim one (100) has none.
    public func readReply(toHead: Bool = false) throws -> HTTPReply {
        var reply = try readHead()
        if toHead || reply.status < 200 || reply.status == 204 || reply.status == 304 { return reply }
        if reply.isChunked {
            while let chunk = try readChunk() { reply.body += chunk }
        } else if let count = reply.contentLength {
            reply.body = try read(count)
        } else {
            reply.body = try readToEnd()
        }
        return reply
    }

    /// Reads status line and header fields.
    public func readHead() throws -> HTTPReply {
        let separator = Array("\r\n\r\n".utf8)
        var end: Int?
        while true {
            end = received.indices.first { received[$0...].starts(with: separator) }
            if end != nil { break }
            try receive()
        }
        let head = Array(received[..<end!])
        received.removeFirst(end! + 4)
        guard let reply = HTTPReply(head: head) else {
            throw Failure.notHTTP(String(decoding: head, as: UTF8.self))
        }
        return reply
    }

    /// Reads one chunk of a chunked body; `nil` at its end.
    public func readChunk() throws -> [UInt8]? {
        var line: [UInt8] = []
        while !line.ends(with: Array("\r\n".utf8)) { line += try read(1) }
        guard let count = Int(String(decoding: line.dropLast(2), as: UTF8.self), radix: 16) else {
            throw Failure.notHTTP(String(decoding: line, as: UTF8.self))
        }
        let chunk = try read(count)
        _ = try read(2)
        return count == 0 ? nil : chunk
    }

    /// Reads exactly `count` bytes.
    public func read(_ count: Int) throws -> [UInt8] {
        while received.count < count { try receive() }
        defer { received.removeFirst(count) }
        return Array(received[..<count])
    }

    /// Reads until the other side closes the connection; a reset throws.
    public func readToEnd() throws -> [UInt8] {
        do {
            while true { try receive() }
        } catch Failure.closed {
            defer { received = [] }
            return received
        }
    }

    /// Waits until the other side has closed or reset the connection, and drops what it sends before that.
    public func waitUntilClosed() throws {
        do {
            _ = try readToEnd()
        } catch Failure.reset {
            return
        }
    }

    /// Resets the connection: the other side sees an error, not an end.
    public func abort() {
        socket.setOption(SOL_SOCKET, SO_LINGER, linger(l_onoff: 1, l_linger: 0))
        closeSocket()
    }

    /// Closes the connection and ends the client's thread.
    public nonisolated func close() async {
        await closeSocket()
        executor.shutdown()
    }

    /// Closes the connection, and leaves the thread for ``close()``.
    public func closeSocket() {
        if socket >= 0 { _ = Glibc.close(socket) }
        socket = -1
    }

    private func receive() throws {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(socket, &buffer, buffer.count, 0)
        guard count >= 0 else { throw Self.failure("recv", errno) }
        guard count > 0 else { throw Failure.closed }
        received += buffer[..<count]
    }

    private static func failure(_ call: String, _ number: Int32) -> Failure {
        switch number {
        case EAGAIN: .timedOut
        case ECONNRESET, EPIPE: .reset
        default: .system(call, number)
        }
    }
}

extension Int32 {
    fileprivate func setOption<Value>(_ level: Int32, _ name: Int32, _ value: Value) {
        withUnsafeBytes(of: value) { _ = setsockopt(self, level, name, $0.baseAddress, socklen_t($0.count)) }
    }
}

extension [UInt8] {
    fileprivate func ends(with suffix: [UInt8]) -> Bool {
        count >= suffix.count && self[(count - suffix.count)...].elementsEqual(suffix)
    }
}
