import JSON

extension Problem {
    /// The problem as a response; `requestID` becomes its `request_id`.
    public func response(requestID: RequestID) -> Response {
        var headers = headers
        headers["Content-Type"] = "application/problem+json"
        if let seconds = retryAfterSeconds { headers["Retry-After"] = String(seconds) }
        return Response(status, headers: headers, body: .bytes(encoded(requestID: requestID)))
    }

    private var retryAfterSeconds: Int? {
        retryAfter.map { max(Int($0.components.seconds) + ($0.components.attoseconds > 0 ? 1 : 0), 0) }
    }

    /// The problem as JSON (RFC 9457).
    public func encoded(requestID: RequestID) -> Bytes {
        var writer = JSONWriter()
        writer.beginObject()
        writer.name("type")
        writer.write("about:blank")
        writer.name("title")
        writer.write(title)
        writer.name("status")
        writer.write(status.rawValue)
        if let detail {
            writer.name("detail")
            writer.write(detail)
        }
        writer.name("code")
        writer.write(code)
        writer.name("request_id")
        writer.write(requestID.description)
        if let seconds = retryAfterSeconds {
            writer.name("retry_after")
            writer.write(seconds)
        }
        for member in members {
            writer.name(escaping: member.name)
            writer.write(member.value)
        }
        writer.endObject()
        return writer.finish()
    }
}
