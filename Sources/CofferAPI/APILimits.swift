import HTTPServer

/// What one request may ask for.
public struct APILimits: Sendable {
    /// Rows of one reply.
    public var responseRows = 10_000
    /// Bytes of one reply: a row that would cross the limit is left out. The columns and counts of a batch's further
    /// results come on top, within the same limit once more.
    public var responseBytes = 16 << 20
    /// Bytes of one request's body.
    public var bodyBytes = 8 << 20
    /// Bytes of a database that is imported.
    public var databaseBytes = 1 << 30
    /// The longest a statement may run.
    public var statementTimeout: Duration = .seconds(30)

    /// How long a client may take for 64 KiB of streamed rows, while the reader is kept for it.
    public var stallTimeout: Duration = .seconds(60)

    /// Makes the default limits.
    public init() {}

    /// A JSON body up to the limit, collected before the handler runs.
    var jsonBody: BodyPolicy { .json(limit: Int64(bodyBytes)) }

    /// The same for a body that holds little more than two passwords, which have 1024 bytes each and up to six times as
    /// many escaped. It is taken from whoever sends it, before anything is known of them.
    var credentialsBody: BodyPolicy { .json(limit: Int64(min(bodyBytes, 32 << 10))) }

    /// What `?timeout_ms=` asks for, at most the server's own limit.
    func timeout(of request: Request) throws -> Duration {
        guard let text = request.query("timeout_ms") else { return statementTimeout }
        guard let milliseconds = Int64(text), milliseconds >= 1 else {
            throw Problem.invalidField("timeout_ms", "must be a whole number of milliseconds, at least 1")
        }
        return min(.milliseconds(milliseconds), statementTimeout)
    }
}
