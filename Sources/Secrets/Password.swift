/// A password on its way from a request to the hash: guarded, wiped with its last reference, never a `String`.
public struct Password: Sendable, Redacted {
    /// The bytes as they were sent; nothing is normalized or trimmed.
    public let bytes: GuardedBytes

    /// Takes bytes that are guarded already.
    public init(bytes: GuardedBytes) {
        self.bytes = bytes
    }

    /// Copies `source`, which stays the caller's to wipe.
    public init(copying source: UnsafeRawBufferPointer) throws {
        bytes = try GuardedBytes(copying: source)
    }

    /// Copies `source`, which stays the caller's to wipe.
    public init(copying source: [UInt8]) throws {
        bytes = try GuardedBytes(copying: source)
    }
}
