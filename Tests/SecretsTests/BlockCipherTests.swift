import Testing

@testable import Secrets

@Suite("Block cipher")
struct BlockCipherTests {
    private let block = [UInt8]((0..<100).map { UInt8($0) })

    private func seal(_ cipher: BlockCipher, _ number: UInt64) -> [UInt8] {
        var sealed = [UInt8](repeating: 0, count: block.count + BlockCipher.overhead)
        sealed.withUnsafeMutableBytes { sealed in
            block.withUnsafeBytes { cipher.seal($0, number: number, into: sealed) }
        }
        return sealed
    }

    private func open(_ cipher: BlockCipher, _ sealed: [UInt8], _ number: UInt64) throws -> [UInt8] {
        var opened = [UInt8](repeating: 0, count: block.count)
        try opened.withUnsafeMutableBytes { opened in
            try sealed.withUnsafeBytes { try cipher.open($0, number: number, into: opened) }
        }
        return opened
    }

    @Test("a block opens under its own number and key, and no two writings of it are alike")
    func sealing() throws {
        let cipher = try BlockCipher()
        let (first, second) = (seal(cipher, 7), seal(cipher, 7))
        #expect(first != second)
        #expect(try open(cipher, first, 7) == block)
        #expect(try open(cipher, second, 7) == block)
        #expect(throws: SecretsError.sealRefused) { try open(cipher, first, 8) }
        #expect(throws: SecretsError.sealRefused) { try open(BlockCipher(), first, 7) }
        for index in first.indices {
            var changed = first
            changed[index] ^= 1
            #expect(throws: SecretsError.sealRefused) { try open(cipher, changed, 7) }
        }
    }
}
