import JSON

extension Problem {
    /// 400 `malformed_request`: the request line, a header field or the framing of the body is not what HTTP allows.
    static func malformedRequest(_ detail: String) -> Problem {
        Problem(.badRequest, "malformed_request", detail: detail)
    }

    /// 404 `not_found`, for an unknown path and for a thing that does not exist.
    public static func notFound(_ detail: String? = nil) -> Problem {
        Problem(.notFound, "not_found", detail: detail)
    }

    /// 404 for a path that no route has; also for one that is to look like that.
    public static let unknownPath = notFound("There is nothing at this path.")

    /// 405 `method_not_allowed` with the methods that are.
    static func methodNotAllowed(allow: String) -> Problem {
        Problem(.methodNotAllowed, "method_not_allowed", detail: "Allowed: \(allow).", headers: ["Allow": allow])
    }

    /// 408 `request_timeout`: header or body came too slowly.
    static let requestTimeout = Problem(
        .requestTimeout, "request_timeout", detail: "The request did not arrive in time.")

    /// 413 `body_too_large`.
    static func bodyTooLarge(limit: Int64) -> Problem {
        Problem(
            .contentTooLarge, "body_too_large", detail: "The request body may have at most \(limit) bytes.",
            members: [JSONMember(name: "limit_bytes", value: .integer(limit))])
    }

    /// 414 `uri_too_long`.
    static func targetTooLong(limit: Int) -> Problem {
        Problem(.uriTooLong, "uri_too_long", detail: "The request target may have at most \(limit) bytes.")
    }

    /// 415 `unsupported_media_type` with the types that are taken.
    static func unsupportedMediaType(expected: [StaticString]) -> Problem {
        let expected = expected.map(\.description)
        return Problem(
            .unsupportedMediaType, "unsupported_media_type",
            detail: "The request body must be \(expected.joined(separator: " or ")) in UTF-8.",
            headers: ["Accept": expected.joined(separator: ", ")])
    }

    /// 415 `unsupported_media_type` for a compressed body.
    static let unsupportedContentEncoding = Problem(
        .unsupportedMediaType, "unsupported_media_type", detail: "The request body must not be compressed.",
        headers: ["Accept-Encoding": "identity"])

    /// 431 `header_too_large`.
    static func headerTooLarge(limit: Int) -> Problem {
        Problem(
            .headerFieldsTooLarge, "header_too_large",
            detail: "Request line and header fields together may have at most \(limit) bytes.")
    }

    /// 500 `internal`, without a word about the cause.
    public static let internalError = Problem(.internalServerError, "internal")

    /// 503 `draining`: the server is stopping.
    public static let draining = Problem(
        .serviceUnavailable, "draining", detail: "The server is shutting down.", retryAfter: .seconds(5))
}
