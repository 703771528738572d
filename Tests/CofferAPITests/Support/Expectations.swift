import CofferTesting
import JSON
import Testing

/// Checks that a reply is a problem as RFC 9457 and the contract want it, with this status and code.
///
/// - Returns: its members, for what belongs to the one problem.
@discardableResult
func expectProblem(
    _ reply: HTTPReply, _ status: Int, _ code: String, sourceLocation: SourceLocation = #_sourceLocation
) throws -> JSONValue {
    let place = sourceLocation
    #expect(reply.status == status, "\(reply)", sourceLocation: place)
    #expect(reply.header("Content-Type") == "application/problem+json", "\(reply)", sourceLocation: place)
    let problem = try reply.json
    #expect(problem["code"]?.stringValue == code, "\(reply)", sourceLocation: place)
    #expect(problem["status"]?.integerValue == Int64(status), sourceLocation: place)
    #expect(problem["type"]?.stringValue?.isEmpty == false, sourceLocation: place)
    #expect(problem["title"]?.stringValue?.isEmpty == false, sourceLocation: place)
    #expect(problem["request_id"]?.stringValue == reply.header("X-Request-ID"), "\(reply)", sourceLocation: place)
    #expect(reply.header("X-Request-ID")?.isEmpty == false, sourceLocation: place)
    if status == 429 || status == 503 {
        let seconds = try #require(reply.header("Retry-After").flatMap(Int64.init), sourceLocation: place)
        #expect(seconds >= 1, sourceLocation: place)
        #expect(problem["retry_after"]?.integerValue == seconds, sourceLocation: place)
    }
    if status == 401 {
        #expect(reply.header("WWW-Authenticate")?.hasPrefix("Bearer") == true, "\(reply)", sourceLocation: place)
    }
    return problem
}

/// Checks that a text is a time in UTC as RFC 3339 writes it.
func expectTime(_ value: JSONValue?, sourceLocation: SourceLocation = #_sourceLocation) {
    let text = value?.stringValue ?? ""
    let pattern = #/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/#
    #expect(text.wholeMatch(of: pattern) != nil, "'\(text)' is no time", sourceLocation: sourceLocation)
}
