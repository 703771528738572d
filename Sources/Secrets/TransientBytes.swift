/// A secret that lives as long as one request: ordinary heap memory, zeroed when the last reference goes.
///
/// Cheap where ``GuardedBytes`` would cost four system calls per request, and immutable.
///
/// Sound as `@unchecked Sendable`: the bytes do not change between initialization and deinitialization.
public struct TransientBytes: @unchecked Sendable, Redacted {
    /// The bytes, behind their number.
    private final class Storage: ManagedBuffer<Int, UInt8> {
        deinit {
            withBytes { $0.wipe() }
        }

        func withBytes<Result, Failure: Error>(
            _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
        ) throws(Failure) -> Result {
            try withUnsafeMutablePointers { (count, bytes) throws(Failure) in
                try body(UnsafeMutableRawBufferPointer(start: bytes, count: count.pointee))
            }
        }
    }

    private let storage: Storage

    /// Allocates `count` bytes and lets `initialize` fill them; if it throws, they are wiped.
    public init<Failure: Error>(
        count: Int, initializingWith initialize: (UnsafeMutableRawBufferPointer) throws(Failure) -> Void
    ) throws(Failure) {
        storage = unsafeDowncast(Storage.create(minimumCapacity: count) { _ in count }, to: Storage.self)
        try storage.withBytes(initialize)
    }

    /// The number of bytes.
    public var count: Int { storage.header }

    /// Gives the bytes to `body`, which must not keep the pointer.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try storage.withBytes { (bytes) throws(Failure) in try body(UnsafeRawBufferPointer(bytes)) }
    }
}
