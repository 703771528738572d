/// A secret that lives as long as one request: ordinary heap memory, zeroed when the last reference goes.
///
/// Cheap where ``GuardedBytes`` would cost four system calls per request, and immutable.
///
/// Sound as `@unchecked Sendable`: the bytes do not change between initialization and deinitialization.
public final class TransientBytes: @unchecked Sendable, Redacted {
    private let bytes: UnsafeMutableRawBufferPointer

    /// Allocates `count` bytes and lets `initialize` fill them; if it throws, they are wiped.
    public init<Failure: Error>(
        count: Int, initializingWith initialize: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        bytes = .allocate(byteCount: count, alignment: 8)
        try initialize(bytes)
    }

    deinit {
        bytes.wipe()
        bytes.deallocate()
    }

    /// The number of bytes.
    public var count: Int { bytes.count }

    /// Gives the bytes to `body`, which must not keep the pointer.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(bytes))
    }
}
