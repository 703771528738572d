/// What a server is told when it is made.
public struct ServerConfiguration: Sendable {
    /// The address to listen on: IPv4, IPv6 or a name; a name's first address that can be bound is taken.
    public var host: String
    /// The port to listen on; 0 lets the system choose, see ``Server/port``.
    public var port: UInt16
    /// The threads that receive, send and run `.inline` handlers, among which the connections are shared out.
    public var eventThreads: Int
    /// The connections open at once. More wait in the system's queue until one closes.
    public var maximumConnections: Int
    /// The connections from one address; 0 for no limit. One more is closed at once.
    public var maximumConnectionsPerAddress: Int
    /// The size of request line and header fields together, in bytes; 431 beyond. libmicrohttpd keeps up to twice as
    /// much, at least 16 KiB, and beyond that answers 431 or 414 itself, in HTML.
    public var maximumHeaderBytes: Int
    /// The size of the request target, in bytes; 414 beyond.
    public var maximumTargetBytes: Int
    /// The size of a body whose route sets no limit of its own, in bytes; 413 beyond.
    public var maximumBodyBytes: Int64
    /// How long a request line and header may take, from the connection or, on one that is kept alive, from the
    /// request line; 408 beyond.
    public var headerTimeout: Duration
    /// How long a connection is kept without a request, and how long a client may not take a byte of its response.
    public var idleTimeout: Duration
    /// What must arrive of a body, in bytes per second, taken over windows of `headerTimeout`; 408 below. As fast a
    /// client must take a response of known length, on the whole and beside `idleTimeout`.
    public var minimumBodyRate: Int
    /// The bytes of a streamed body kept in memory, in either direction, before the faster side waits.
    public var streamBufferBytes: Int
    /// How long requests get to answer after they have been cancelled by ``Server/shutdown(deadline:)``.
    public var cancellationGrace: Duration

    /// Makes a configuration.
    public init(
        host: String = "127.0.0.1", port: UInt16 = 8080, eventThreads: Int = 1, maximumConnections: Int = 4096,
        maximumConnectionsPerAddress: Int = 0, maximumHeaderBytes: Int = 8192, maximumTargetBytes: Int = 4096,
        maximumBodyBytes: Int64 = 8 << 20, headerTimeout: Duration = .seconds(10), idleTimeout: Duration = .seconds(60),
        minimumBodyRate: Int = 1024, streamBufferBytes: Int = 65536, cancellationGrace: Duration = .seconds(2)
    ) {
        self.host = host
        self.port = port
        self.eventThreads = eventThreads
        self.maximumConnections = maximumConnections
        self.maximumConnectionsPerAddress = maximumConnectionsPerAddress
        self.maximumHeaderBytes = maximumHeaderBytes
        self.maximumTargetBytes = maximumTargetBytes
        self.maximumBodyBytes = maximumBodyBytes
        self.headerTimeout = headerTimeout
        self.idleTimeout = idleTimeout
        self.minimumBodyRate = minimumBodyRate
        self.streamBufferBytes = streamBufferBytes
        self.cancellationGrace = cancellationGrace
    }

    /// The memory libmicrohttpd gets per connection. It must hold a header that is just too large, so that the answer
    /// to it is ours.
    var connectionMemoryBytes: Int { max(2 * maximumHeaderBytes, 16384) }
}
