/// A request body that was collected whole. Passwords come in here: the memory is wiped by ``wipe()`` and when the
/// last reference goes, and the bytes never leave by description.
///
/// Sound as `@unchecked Sendable`: the event thread fills it before the handler starts and never looks back. From
/// then on it belongs to the handler, which uses it from one task at a time.
public final class RequestBody: @unchecked Sendable, CustomStringConvertible {
    private var buffer: UnsafeMutableRawBufferPointer?

    /// The number of bytes; 0 after ``wipe()``.
    public private(set) var count = 0

    /// Makes an empty body.
    public init() {}

    /// Stands for no body. Nothing is ever appended to it.
    static let empty = RequestBody()

    /// Makes a body with a copy of `bytes`, for calling a handler without a server.
    public init(_ bytes: [UInt8]) {
        bytes.withUnsafeBytes { append($0, expecting: bytes.count) }
    }

    deinit {
        wipe()
    }

    /// `<redacted>`.
    public var description: String { "<redacted>" }

    /// Hands out the bytes, which are valid only inside `body`.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try body(UnsafeRawBufferPointer(start: buffer?.baseAddress, count: count))
    }

    /// Overwrites the bytes with zeros and frees them; the body is empty afterwards.
    public func wipe() {
        guard let buffer else { return }
        buffer.wipeAndDeallocate()
        self.buffer = nil
        count = 0
    }

    /// Adds what has arrived; `expected` is the length announced, or 0. No more than 64 KiB are allocated on the
    /// client's word alone.
    func append(_ bytes: UnsafeRawBufferPointer, expecting expected: Int) {
        guard !bytes.isEmpty else { return }
        let needed = count + bytes.count
        var target = buffer ?? .allocate(byteCount: max(min(expected, 65536), needed), alignment: 1)
        if target.count < needed {
            target = target.moved(toCapacity: max(target.count * 2, needed), used: count)
        }
        UnsafeMutableRawBufferPointer(rebasing: target[count...]).copyMemory(from: bytes)
        buffer = target
        count = needed
    }
}
