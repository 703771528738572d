import HTTPServer

extension Request {
    /// Whether it is worth the time to look closer: milliseconds for a field of some thousand types.
    var mentionsLines: Bool {
        let name: StaticString = "ndjson"
        return headers.withBytes(of: "Accept") { value in
            value.indices.dropLast(name.utf8CodeUnitCount - 1).contains { start in
                UnsafeRawBufferPointer(rebasing: value[start..<start + name.utf8CodeUnitCount]).equalsIgnoringCase(name)
            }
        } ?? false
    }

    /// Whether the `Accept` field names lines of JSON and gives them no less weight than JSON
    /// (https://www.rfc-editor.org/rfc/rfc9110#section-12.5.1). Other types than these two are not looked at.
    var prefersLines: Bool {
        guard let accept = header("Accept"), accept.utf8.count >= LineWriter.contentType.utf8.count else {
            return false
        }
        var lines = 0.0
        var json = 0.0
        for range in accept.split(separator: ",") {
            let parts = range.split(separator: ";").map { $0.filter { $0 != " " && $0 != "\t" }.lowercased() }
            let weight = parts.dropFirst().first { $0.hasPrefix("q=") }.map { Double($0.dropFirst(2)) ?? 0 } ?? 1
            switch parts.first {
            case LineWriter.contentType: lines = max(lines, weight)
            case "application/json": json = max(json, weight)
            default: break
            }
        }
        return lines > 0 && lines >= json
    }
}
