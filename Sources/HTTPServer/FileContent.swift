import Glibc
import Synchronization

/// A part of an open file that becomes a response body. It owns the descriptor, and closes it when the response has
/// been sent or dropped.
public final class FileContent: Sendable {
    private let descriptor: Atomic<Int32>
    /// Where the part begins, in bytes.
    public let offset: Int64
    /// How long it is, in bytes.
    public let count: Int64

    /// What lives as long as the response.
    private let companion: (any Sendable)?

    /// Takes over `descriptor`, which is open for reading on a regular file of at least `offset + count` bytes.
    /// `companion` is kept until the response has been sent or dropped.
    public init(descriptor: Int32, offset: Int64 = 0, count: Int64, companion: (any Sendable)? = nil) {
        self.companion = companion
        self.descriptor = Atomic(descriptor)
        self.offset = offset
        self.count = count
    }

    deinit {
        if let descriptor = takeDescriptor() { close(descriptor) }
    }

    /// The descriptor, which the caller must close; `nil` the second time.
    func takeDescriptor() -> Int32? {
        let taken = descriptor.exchange(-1, ordering: .relaxed)
        return taken >= 0 ? taken : nil
    }
}
