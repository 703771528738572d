import Glibc
import JSON

/// A response as bytes, for the answers that libmicrohttpd cannot give: it takes none while it reads a body or a
/// header. The connection closes after it.
enum RawResponse {
    /// `nil` for a body that is not in memory. To `HEAD` no body is sent.
    static func encode(_ response: Response, requestID: RequestID, isHead: Bool = false) -> [UInt8]? {
        let body: Bytes
        switch response.body {
        case .empty: body = []
        case .bytes(let bytes): body = bytes
        case .file, .stream: return nil
        }
        var text = "HTTP/1.1 \(response.status.rawValue) \(response.status.reason)\r\n"
        text += "Date: \(date())\r\nConnection: close\r\nX-Request-ID: \(requestID)\r\n"
        // https://www.rfc-editor.org/rfc/rfc9110#section-8.6
        if response.status != .noContent { text += "Content-Length: \(body.count)\r\n" }
        response.headers.forEachSent { text += "\($0): \($1)\r\n" }
        return Array(text.utf8) + Array("\r\n".utf8) + (isHead ? [] : body)
    }

    private static func date() -> String {
        var now = Glibc.time(nil)
        var parts = tm()
        gmtime_r(&now, &parts)
        return withUnsafeTemporaryAllocation(of: CChar.self, capacity: 64) { buffer in
            strftime(buffer.baseAddress!, buffer.count, "%a, %d %b %Y %H:%M:%S GMT", &parts)
            return String(cString: buffer.baseAddress!)
        }
    }
}

extension ResponseHeaders {
    /// The handler's fields and those that every response has, but for `X-Request-ID`.
    func forEachSent(_ body: (_ name: String, _ value: String) -> Void) {
        for field in fields { body(field.name, field.value) }
        if !contains("X-Content-Type-Options") { body("X-Content-Type-Options", "nosniff") }
        if !contains("Cache-Control") { body("Cache-Control", "no-store") }
    }
}
