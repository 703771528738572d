import CSodium

/// Whether both hold the same bytes, in a time that depends only on their lengths.
/// https://doc.libsodium.org/helpers#constant-time-test-for-equality
public func constantTimeEqual(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    guard left.count == right.count else { return false }
    guard let leftStart = left.baseAddress, let rightStart = right.baseAddress else { return left.isEmpty }
    return sodium_memcmp(leftStart, rightStart, left.count) == 0
}
