/// A request body that was collected whole. Passwords come in here: the memory is wiped by ``wipe()`` and when the
/// last copy of the request goes, and the bytes never leave by description.
///
/// Sound as `@unchecked Sendable`: the event thread fills it before the handler starts and never looks back. From
/// then on it belongs to the handler, which uses it from one task at a time.
public struct RequestBody: @unchecked Sendable, CustomStringConvertible {
    let content: RequestContent

    /// `<redacted>`.
    public var description: String { "<redacted>" }

    /// The number of bytes; 0 after ``wipe()``.
    public var count: Int { content.withUnsafeMutablePointerToHeader { $0.pointee.body.count } }

    /// Hands out the bytes, which are valid only inside `body`.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try content.withUnsafeMutablePointerToHeader { (fields) throws(Failure) in try body(fields.pointee.body.bytes) }
    }

    /// Overwrites the bytes with zeros and frees what was allocated for them alone; the body is empty afterwards. What
    /// refers to places in it must be gone.
    public func wipe() {
        content.withUnsafeMutablePointerToHeader { $0.pointee.body.wipe() }
    }

    /// Adds what has arrived; `expected` is the length announced, or 0.
    func append(_ bytes: UnsafeRawBufferPointer, expecting expected: Int) {
        content.withUnsafeMutablePointerToHeader { $0.pointee.body.append(bytes, expecting: expected) }
    }
}
