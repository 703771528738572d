import Secrets

/// Has the text of a token in memory that does not change, and that is wiped when the last holder is gone.
///
/// The secret is decoded anew each time it is needed, onto the stack, so that a request has one copy of its token:
/// where it has arrived.
public protocol TokenText: Sendable {
    /// Hands out the text, which is valid only inside `body`; no bytes if there is none.
    func withTokenText<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result
}

extension TransientBytes: TokenText {
    /// Hands out the bytes.
    public func withTokenText<Result>(_ body: (UnsafeRawBufferPointer) throws -> Result) rethrows -> Result {
        try withUnsafeBytes(body)
    }
}
