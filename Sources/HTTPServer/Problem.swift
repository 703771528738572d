import JSON

/// An error a client is told about, as `application/problem+json` (https://www.rfc-editor.org/rfc/rfc9457).
///
/// Handlers throw it. It never carries a secret, a key or an SQL argument.
public struct Problem: Error, Equatable, Sendable {
    /// The status of the response, 400–599.
    public var status: HTTPStatus
    /// What programs look at: stable, `lower_snake`.
    public var code: String
    /// What a person reads, the same for every occurrence; the status's reason phrase unless given.
    public var title: String
    /// What a person reads about this occurrence.
    public var detail: String?
    /// Extension members, such as `sql_offset`, in order.
    public var members: [JSONMember]
    /// When the client may try again; sent as `Retry-After` and as `retry_after`, in whole seconds, rounded up.
    public var retryAfter: Duration?
    /// Further header fields, such as `Allow` or `WWW-Authenticate`.
    public var headers: ResponseHeaders

    /// Makes a problem.
    public init(
        _ status: HTTPStatus, _ code: String, title: String? = nil, detail: String? = nil, members: [JSONMember] = [],
        retryAfter: Duration? = nil, headers: ResponseHeaders = [:]
    ) {
        self.status = status
        self.code = code
        self.title = title ?? status.reason
        self.detail = detail
        self.members = members
        self.retryAfter = retryAfter
        self.headers = headers
    }
}
