/// The text of a statement, wherever it lies.
public protocol StatementText: Sendable {
    /// Calls `body` with the text's UTF-8, which is valid inside `body`.
    func withUTF8Bytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result
}

extension String: StatementText {
    /// Calls `body` with the string's UTF-8.
    public func withUTF8Bytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
        var text = self
        return try text.withUTF8(body)
    }
}
