import Testing

@testable import Secrets

/// Vectors: https://github.com/BLAKE2/BLAKE2/blob/master/testvectors/blake2b-kat.txt, whose key is 000102…3f.
@Suite("Keyed BLAKE2b")
struct BLAKE2bTests {
    private func hash(_ message: [UInt8], key: [UInt8], count: Int) throws -> [UInt8] {
        var output = [UInt8](repeating: 0, count: count)
        try output.withUnsafeMutableBytes { output in
            try message.withUnsafeBytes { message in
                try key.withUnsafeBytes { try BLAKE2b.hash(message, key: $0, into: output) }
            }
        }
        return output
    }

    @Test("gives the published hash of the empty message")
    func emptyMessage() throws {
        let expected = """
            10ebb67700b1868efb4417987acf4690ae9d972fb7a590c2f02871799aaa4786
            b5e996e8f0f4eb981fc214b005f42d2ff4233499391653df7aefcbc13fc51568
            """
        #expect(try hash([], key: Array(0..<64), count: 64) == bytes(expected))
    }

    @Test("gives the published hash of a message of one byte")
    func oneByte() throws {
        let expected = """
            961f6dd1e4dd30f63901690c512e78e4b45e4742ed197c3c5e45c549fd25f2e4
            187b0bc9fe30492b16b0d0bc4ef9b0f34c7003fac09a5ef1532e69430234cebd
            """
        #expect(try hash([0], key: Array(0..<64), count: 64) == bytes(expected))
    }

    @Test(
        "refuses keys and outputs outside of its range",
        arguments: [(15, 32), (65, 32), (0, 32), (32, 15), (32, 65)])
    func lengths(key: Int, output: Int) {
        #expect(throws: SecretsError.self) {
            try hash([1, 2, 3], key: [UInt8](repeating: 7, count: key), count: output)
        }
    }
}
