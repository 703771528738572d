import CSQLCipher
import Glibc

/// A key that is used as it is: 32 bytes of key and 16 of salt, handed over as 96 hexadecimal digits.
///
/// SQLCipher would run 256,000 rounds of key derivation for anything else, on every connection.
/// See https://www.zetetic.net/sqlcipher/sqlcipher-api/#key.
enum RawKey {
    static let byteCount = 48

    /// Keys the main database of a handle; wipes its own copy of the key.
    static func set(_ key: UnsafeRawBufferPointer, on handle: OpaquePointer) throws(SQLiteError) {
        precondition(key.count == byteCount, "a key is 32 bytes and a salt of 16")
        let result = withUnsafeTemporaryAllocation(byteCount: 2 * byteCount + 3, alignment: 1) { literal in
            defer { explicit_bzero(literal.baseAddress!, literal.count) }
            literal[0] = UInt8(ascii: "x")
            literal[1] = UInt8(ascii: "'")
            for (index, byte) in key.enumerated() {
                literal[2 + 2 * index] = hexadecimalDigit(byte >> 4)
                literal[3 + 2 * index] = hexadecimalDigit(byte & 15)
            }
            literal[literal.count - 1] = UInt8(ascii: "'")
            return sqlite3_key_v2(handle, "main", literal.baseAddress!, Int32(literal.count))
        }
        guard result == SQLITE_OK else { throw SQLiteError(result, on: handle) }
    }

    /// Computed, not looked up: an index into a table would leave a trace of the key in the processor's cache.
    private static func hexadecimalDigit(_ value: UInt8) -> UInt8 {
        let isLetter = (9 &- value) >> 7
        return UInt8(ascii: "0") &+ value &+ isLetter &* 39
    }
}
