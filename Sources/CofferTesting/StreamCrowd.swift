import Glibc
import Workers

/// Many clients that each send one request and read what comes, all on one thread.
///
/// Its calls block, on a thread of its own. Call ``close()`` at the end.
public actor StreamCrowd {
    private struct Member {
        let socket: Int32
        var received: [UInt8] = []
    }

    private nonisolated let executor: SerialThreadExecutor
    private var members: [Member]

    /// The actor's own thread.
    public nonisolated var unownedExecutor: UnownedSerialExecutor { executor.asUnownedSerialExecutor() }

    /// Connects `count` clients to a port of this machine, and has each send `request`.
    public init(of count: Int, port: UInt16, sending request: [UInt8]) throws {
        Self.raiseDescriptorLimit()
        var members: [Member] = []
        do {
            for _ in 0..<count {
                members.append(Member(socket: try HTTPClient.connect(port, .seconds(20), nil)))
                let sent = request.withUnsafeBytes {
                    Glibc.send(members.last!.socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
                }
                guard sent == request.count else { throw HTTPClient.Failure.system("send", errno) }
            }
        } catch {
            for member in members { _ = Glibc.close(member.socket) }
            throw error
        }
        self.members = members
        executor = SerialThreadExecutor()
    }

    /// Reads until every client has received what `isEnough` accepts, header included. Throws
    /// ``HTTPClient/Failure/timedOut`` if nothing comes for 20 s, and ``HTTPClient/Failure/closed`` if a connection
    /// or its chunked body ends before that.
    public func receive(until isEnough: ([UInt8]) -> Bool) throws {
        var waiting = Set(members.indices.filter { !isEnough(members[$0].received) })
        guard !waiting.contains(where: hasEnded) else { throw HTTPClient.Failure.closed }
        while !waiting.isEmpty {
            let order = Array(waiting)
            var entries = order.map { pollfd(fd: members[$0].socket, events: Int16(POLLIN), revents: 0) }
            guard poll(&entries, nfds_t(entries.count), 20_000) > 0 else { throw HTTPClient.Failure.timedOut }
            for (index, entry) in zip(order, entries) where entry.revents != 0 {
                try receive(at: index)
                if isEnough(members[index].received) {
                    waiting.remove(index)
                } else if hasEnded(index) {
                    throw HTTPClient.Failure.closed
                }
            }
        }
    }

    /// The bodies so far, with the chunks put together.
    public var bodies: [[UInt8]] { members.map { Self.body(of: $0.received) } }

    /// Closes the connections and ends the thread.
    public nonisolated func close() async {
        await closeSockets()
        executor.shutdown()
    }

    private func closeSockets() {
        for member in members { _ = Glibc.close(member.socket) }
        members = []
    }

    /// Whether the last chunk of the body has come.
    private func hasEnded(_ index: Int) -> Bool {
        members[index].received.suffix(7).elementsEqual("\r\n0\r\n\r\n".utf8)
    }

    private func receive(at index: Int) throws {
        var buffer = [UInt8](repeating: 0, count: 16384)
        let count = recv(members[index].socket, &buffer, buffer.count, 0)
        guard count > 0 else { throw HTTPClient.Failure.closed }
        members[index].received += buffer[..<count]
    }

    private static func body(of bytes: [UInt8]) -> [UInt8] {
        let end = Array("\r\n\r\n".utf8)
        guard var rest = bytes.indices.first(where: { bytes[$0...].starts(with: end) }).map({ bytes[($0 + 4)...] })
        else { return [] }
        var body: [UInt8] = []
        while let line = rest.firstIndex(of: UInt8(ascii: "\r")),
            let size = Int(String(decoding: rest[..<line], as: UTF8.self), radix: 16), rest.count >= size + 4
        {
            body += rest[(line + 2)...].prefix(size)
            rest = rest[(line + 2)...].dropFirst(size + 2)
        }
        return body
    }

    /// A thousand sockets are more than some systems let a process have unasked.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}
