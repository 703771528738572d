import Testing

@testable import SQLCipher

@Suite struct StatementKeyTests {
    @Test("a key is its own text's alone", arguments: [0, 1, 7, 8, 9, 16, 23])
    func equality(count: Int) {
        let text = [UInt8](repeating: UInt8(ascii: "a"), count: count)
        let others =
            [text + [UInt8(ascii: "a")]]
            + text.indices.map { index in
                var other = text
                other[index] += 1
                return other
            }
        let key = text.withUnsafeBufferPointer(StatementKey.init)
        #expect(text.withUnsafeBufferPointer(key.isText))
        for other in others {
            #expect(!other.withUnsafeBufferPointer(key.isText))
            #expect(other.withUnsafeBufferPointer(StatementKey.fingerprint) != key.fingerprint)
        }
    }

    @Test("two texts of one fingerprint are two statements")
    func collision() throws {
        let (some, other) = try #require(Self.collision)
        try withConnection { connection throws in
            for _ in 0..<3 {
                #expect(try connection.value("SELECT '\(some)'") == .text(some))
                #expect(try connection.value("SELECT '\(other)'") == .text(other))
            }
        }
    }

    /// Literals of two such texts. The last byte of each eight goes into the highest of the fingerprint alone.
    private static var collision: (String, String)? {
        let letters = "abcdefghijklmnopqrstuvwxyz"
        var seen: [UInt64: String] = [:]
        for first in letters {
            for second in letters {
                let literal = "1234567\(first)1234567\(second)"
                let fingerprint = "SELECT '\(literal)'".withUTF8Bytes(StatementKey.fingerprint)
                if let other = seen.updateValue(literal, forKey: fingerprint) { return (other, literal) }
            }
        }
        return nil
    }
}
