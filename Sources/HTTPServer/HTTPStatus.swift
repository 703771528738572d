import CMicroHTTPD

/// A response status (https://www.rfc-editor.org/rfc/rfc9110#section-15).
public struct HTTPStatus: RawRepresentable, Hashable, Sendable, ExpressibleByIntegerLiteral {
    /// The three digits; 200–599, and 499 in logs for a client that went away.
    public let rawValue: Int

    /// Makes a status from its number.
    public init(rawValue: Int) {
        self.rawValue = rawValue
    }

    /// Makes a status from a literal number.
    public init(integerLiteral value: Int) {
        rawValue = value
    }

    /// The reason phrase libmicrohttpd sends with this status.
    public var reason: String {
        MHD_get_reason_phrase_for(UInt32(rawValue)).map { String(cString: $0) } ?? "Unknown"
    }

    /// 200.
    public static let ok: HTTPStatus = 200
    /// 201.
    public static let created: HTTPStatus = 201
    /// 202.
    public static let accepted: HTTPStatus = 202
    /// 204; a response with it has no body.
    public static let noContent: HTTPStatus = 204
    /// 400.
    public static let badRequest: HTTPStatus = 400
    /// 401.
    public static let unauthorized: HTTPStatus = 401
    /// 403.
    public static let forbidden: HTTPStatus = 403
    /// 404.
    public static let notFound: HTTPStatus = 404
    /// 405.
    public static let methodNotAllowed: HTTPStatus = 405
    /// 408.
    public static let requestTimeout: HTTPStatus = 408
    /// 409.
    public static let conflict: HTTPStatus = 409
    /// 413.
    public static let contentTooLarge: HTTPStatus = 413
    /// 414.
    public static let uriTooLong: HTTPStatus = 414
    /// 415.
    public static let unsupportedMediaType: HTTPStatus = 415
    /// 422.
    public static let unprocessableContent: HTTPStatus = 422
    /// 429.
    public static let tooManyRequests: HTTPStatus = 429
    /// 431.
    public static let headerFieldsTooLarge: HTTPStatus = 431
    /// 499, which is never sent: the client went away before its answer.
    public static let clientGone: HTTPStatus = 499
    /// 500.
    public static let internalServerError: HTTPStatus = 500
    /// 503.
    public static let serviceUnavailable: HTTPStatus = 503
    /// 507.
    public static let insufficientStorage: HTTPStatus = 507
}
