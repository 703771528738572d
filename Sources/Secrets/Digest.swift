/// A 32-byte hash without an allocation of its own. It is no secret.
public struct Digest: Hashable, Sendable {
    private var words: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

    init() {}

    /// Reads a stored digest; `nil` unless there are exactly 32 bytes.
    public init?(_ bytes: UnsafeRawBufferPointer) {
        guard bytes.count == 32 else { return nil }
        Swift.withUnsafeMutableBytes(of: &words) { $0.copyMemory(from: bytes) }
    }

    /// Gives the 32 bytes to `body`.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try Swift.withUnsafeBytes(of: words, body)
    }

    mutating func withUnsafeMutableBytes<Failure: Error>(
        _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        try Swift.withUnsafeMutableBytes(of: &words, body)
    }

    /// The bytes as an array, to be stored.
    public var bytes: [UInt8] { withUnsafeBytes { [UInt8]($0) } }

    /// Whether both have the same bytes.
    public static func == (left: Digest, right: Digest) -> Bool {
        left.words == right.words
    }

    /// Hashes a part of the bytes: they are evenly spread already.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(words.0)
    }
}
