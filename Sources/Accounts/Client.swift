/// Where a request came from, as far as accounts care.
public struct Client: Sendable {
    /// The network address, which failures are counted by.
    public let address: String
    /// The user agent, cut to 256 characters; empty if none.
    public let userAgent: String

    /// Takes the address of the client or of the last trusted proxy's client, and the `User-Agent` header.
    public init(address: String, userAgent: String = "") {
        self.address = address
        self.userAgent = String(userAgent.prefix(256))
    }
}
