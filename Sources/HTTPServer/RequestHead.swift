/// What a request says before its body, checked against what HTTP/1.1 allows.
struct RequestHead {
    let method: HTTPMethod
    let headers: HeaderFields
    /// The announced length; 0 for no body, `nil` for a chunked one.
    let contentLength: Int64?
    /// The client waits for `100 Continue` before it sends the body.
    let expectsContinue: Bool

    /// Refuses what two readers could take for two different requests
    /// (https://www.rfc-editor.org/rfc/rfc9112#section-11.2): the connection must close after it.
    init(
        method: HTTPMethod?, target: ResolvedTarget, isHTTP11: Bool, headers: HeaderFields
    ) throws(Problem) {
        guard let method else { throw .malformedRequest("The method is not a token.") }
        guard headers.areWellFormed else {
            throw .malformedRequest("A header field has a character that it cannot have, or no name.")
        }
        let hosts = headers.count(of: "Host")
        guard hosts == 1 || hosts == 0 && !isHTTP11 else {
            throw .malformedRequest("A request must have one Host field.")
        }
        self.method = method
        self.headers = headers
        if let problem = target.problem { throw problem }
        contentLength = try Self.contentLength(of: headers)
        expectsContinue = headers.withBytes(of: "Expect") { $0.equalsIgnoringCase("100-continue") } ?? false
    }

    var hasBody: Bool { contentLength != 0 }

    private static func contentLength(of headers: HeaderFields) throws(Problem) -> Int64? {
        let lengths = headers.count(of: "Content-Length")
        let encodings = headers.count(of: "Transfer-Encoding")
        guard lengths + encodings <= 1 else {
            throw .malformedRequest("A request may have one Content-Length or one Transfer-Encoding field, not more.")
        }
        if encodings == 1 {
            guard headers.withBytes(of: "Transfer-Encoding", { $0.equalsIgnoringCase("chunked") }) == true else {
                throw .malformedRequest("The only transfer encoding is chunked.")
            }
            return nil
        }
        guard lengths == 1 else { return 0 }
        guard let length = headers.withBytes(of: "Content-Length", number) ?? nil else {
            throw .malformedRequest("The Content-Length is not a number of bytes.")
        }
        return length
    }

    /// The number that a text of digits alone stands for.
    private static func number(_ digits: UnsafeRawBufferPointer) -> Int64? {
        guard !digits.isEmpty else { return nil }
        var number: Int64 = 0
        for byte in digits {
            guard byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") else { return nil }
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            let (sum, carry) = product.addingReportingOverflow(Int64(byte - UInt8(ascii: "0")))
            guard !overflow, !carry else { return nil }
            number = sum
        }
        return number
    }
}
