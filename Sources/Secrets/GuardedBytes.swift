import CSodium
import Synchronization

/// A secret in guarded memory: between two inaccessible pages, locked into RAM where the system allows it, kept out
/// of core dumps, zeroed before it is given back. https://doc.libsodium.org/memory_management
///
/// Locking is limited by RLIMIT_MEMLOCK; past it the allocation still works and is merely not locked. One allocation
/// takes several pages and system calls, so this is for keys and passwords that stay; what lives for one request is
/// ``TransientBytes``.
///
/// Sound as `@unchecked Sendable`: the pointer is read and replaced only under `lock`, and the bytes behind it do not
/// change between initialization and wiping.
public final class GuardedBytes: @unchecked Sendable, Redacted {
    private let lock = Mutex<Void>(())
    private var bytes: UnsafeMutableRawBufferPointer

    /// Allocates `count` bytes and lets `initialize` fill them; if it throws, they are wiped.
    public init(count: Int, initializingWith initialize: (UnsafeMutableRawBufferPointer) throws -> Void) throws {
        try SodiumLibrary.initialize()
        // An empty secret still gets an allocation of its own, so that it has an address to guard.
        guard let start = sodium_malloc(max(count, 1)) else { throw SecretsError.outOfMemory }
        bytes = UnsafeMutableRawBufferPointer(start: start, count: count)
        try initialize(bytes)
    }

    /// Copies `source`, which stays the caller's to wipe.
    public convenience init(copying source: UnsafeRawBufferPointer) throws {
        try self.init(count: source.count) { $0.copyMemory(from: source) }
    }

    /// Copies `source`, which stays the caller's to wipe.
    public convenience init(copying source: [UInt8]) throws {
        try self.init(count: source.count) { target in
            source.withUnsafeBytes { target.copyMemory(from: $0) }
        }
    }

    /// Makes `count` random bytes.
    public static func random(count: Int) throws -> GuardedBytes {
        try GuardedBytes(count: count) { randombytes_buf($0.baseAddress!, $0.count) }
    }

    deinit {
        wipe()
    }

    /// The number of bytes; 0 after ``wipe()``.
    public var count: Int { lock.withLock { _ in bytes.count } }

    /// Gives the bytes to `body`, which must not keep the pointer nor call back into this object. After ``wipe()`` the
    /// buffer is empty, so that a wiped key can never pass for a key of zeros.
    public func withUnsafeBytes<Result, Failure: Error>(
        _ body: (UnsafeRawBufferPointer) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        // Through a variable, because a lock's own result would have to be sendable.
        var result: Result?
        try lock.withLock { (_) throws(Failure) in
            result = try body(UnsafeRawBufferPointer(bytes))
        }
        return result!
    }

    /// Zeroes the bytes and returns their pages to the system, as soon as nobody reads them. Wiping twice is fine.
    public func wipe() {
        let start = lock.withLock { _ in
            let start = bytes.baseAddress
            bytes = UnsafeMutableRawBufferPointer(start: nil, count: 0)
            return start
        }
        sodium_free(start)
    }
}

extension GuardedBytes: Equatable {
    /// Whether both hold the same bytes, in a time that depends only on their lengths. A wiped secret equals nothing.
    public static func == (left: GuardedBytes, right: GuardedBytes) -> Bool {
        guard left !== right else { return left.count > 0 }
        // Always locked in the same order, so that `a == b` beside `b == a` cannot deadlock.
        let isOrdered = ObjectIdentifier(left) < ObjectIdentifier(right)
        let (first, second) = isOrdered ? (left, right) : (right, left)
        return first.withUnsafeBytes { first in
            second.withUnsafeBytes { second in
                !first.isEmpty && constantTimeEqual(first, second)
            }
        }
    }
}
