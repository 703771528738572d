import Glibc

/// A response as bytes, for the answers that libmicrohttpd cannot give: it takes none while it reads a body or a
/// header. The connection closes after it.
enum RawResponse {
    /// `nil` for a body that is not in memory.
    static func encode(_ response: Response, requestID: String) -> [UInt8]? {
        let body: [UInt8]
        switch response.body {
        case .empty: body = []
        case .bytes(let bytes): body = bytes
        case .file, .stream: return nil
        }
        var text = "HTTP/1.1 \(response.status.rawValue) \(response.status.reason)\r\n"
        text += "Date: \(date())\r\nConnection: close\r\nContent-Length: \(body.count)\r\n"
        for field in response.headers.completed(requestID: requestID) { text += "\(field.name): \(field.value)\r\n" }
        return Array(text.utf8) + Array("\r\n".utf8) + body
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
    /// The handler's fields and those that every response has.
    func completed(requestID: String) -> [Field] {
        var all: [Field] = []
        all.reserveCapacity(fields.count + 3)
        all += fields
        all.append(Field(name: "X-Request-ID", value: requestID))
        if !contains("X-Content-Type-Options") { all.append(Field(name: "X-Content-Type-Options", value: "nosniff")) }
        if !contains("Cache-Control") { all.append(Field(name: "Cache-Control", value: "no-store")) }
        return all
    }
}
