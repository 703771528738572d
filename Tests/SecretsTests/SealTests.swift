import Testing

@testable import Secrets

@Suite("Seals")
struct SealTests {
    private let context = SealContext(purpose: "user key by password", user: "0a", record: "1b")

    private func content(_ secret: GuardedBytes) -> [UInt8] {
        secret.withUnsafeBytes { [UInt8]($0) }
    }

    /// Vector: https://datatracker.ietf.org/doc/html/draft-irtf-cfrg-xchacha-03#appendix-A.3.1
    @Test("encrypt as the draft's example does")
    func publishedVector() throws {
        let plaintext = [UInt8](
            """
            Ladies and Gentlemen of the class of '99: If I could offer you only one tip for the future, \
            sunscreen would be it.
            """.utf8)
        let key = [UInt8](0x80...0x9f)
        let nonce = [UInt8](0x40...0x57)
        let associatedData = bytes("50515253c0c1c2c3c4c5c6c7")
        let expected = bytes(
            """
            bd6d179d3e83d43b9576579493c0e939572a1700252bfaccbed2902c21396cbb
            731c7f1b0b4aa6440bf3a82f4eda7e39ae64c6708c54c216cb96b72e1213b452
            2f8c9ba40db5d945b11b69b982c1bb9e3f3fac2bc369488f76b2383565d3fff9
            21f9664c97637da9768812f615c68b13b52e
            c0875924c1c7987947deafd8780acf49
            """)
        let ciphertext = try plaintext.withUnsafeBytes { plaintext in
            try key.withUnsafeBytes {
                try AEAD.encrypt(plaintext, key: $0, nonce: nonce, associatedData: associatedData)
            }
        }
        #expect(ciphertext == expected)

        var opened = [UInt8](repeating: 0, count: plaintext.count)
        try opened.withUnsafeMutableBytes { opened in
            try key.withUnsafeBytes {
                try AEAD.decrypt(expected, key: $0, nonce: nonce, associatedData: associatedData, into: opened)
            }
        }
        #expect(opened == plaintext)
    }

    @Test("give back what was sealed, and never the same bytes twice", arguments: [1, 32, 48, 1_024])
    func roundTrip(count: Int) throws {
        let key = try GuardedBytes.random(count: 32)
        let secret = try GuardedBytes.random(count: count)
        let first = try Seal(secret, under: key, context: context)
        let second = try Seal(secret, under: key, context: context)
        #expect(first != second)
        #expect(first.bytes.count == 1 + 24 + count + 16)
        #expect(content(try first.open(with: key, context: context)) == content(secret))
        #expect(try Seal(stored: second.bytes).open(with: key, context: context) == secret)
    }

    @Test("do not open once any single byte is changed")
    func tampering() throws {
        let key = try GuardedBytes.random(count: 32)
        let seal = try Seal(GuardedBytes.random(count: 48), under: key, context: context)
        for position in seal.bytes.indices {
            for bit in 0..<8 {
                var changed = seal.bytes
                changed[position] ^= 1 << bit
                #expect(throws: SecretsError.self, "byte \(position), bit \(bit)") {
                    try Seal(stored: changed).open(with: key, context: context)
                }
            }
        }
    }

    @Test("do not open cut short or prolonged")
    func wrongLength() throws {
        let key = try GuardedBytes.random(count: 32)
        let seal = try Seal(GuardedBytes.random(count: 48), under: key, context: context)
        for count in 0..<seal.bytes.count {
            #expect(throws: SecretsError.sealRefused, "\(count) bytes") {
                try Seal(stored: Array(seal.bytes.prefix(count))).open(with: key, context: context)
            }
        }
        #expect(throws: SecretsError.sealRefused) {
            try Seal(stored: seal.bytes + [0]).open(with: key, context: context)
        }
    }

    @Test("name the version that they do not know")
    func unknownVersion() throws {
        let key = try GuardedBytes.random(count: 32)
        let seal = try Seal(GuardedBytes.random(count: 32), under: key, context: context)
        #expect(throws: SecretsError.unknownSealVersion(2)) {
            try Seal(stored: [2] + seal.bytes.dropFirst()).open(with: key, context: context)
        }
    }

    @Test(
        "do not open in another context, even one that concatenates to the same text",
        arguments: [
            SealContext(purpose: "user key by session", user: "0a", record: "1b"),
            SealContext(purpose: "user key by password", user: "0b", record: "1b"),
            SealContext(purpose: "user key by password", user: "0a", record: "1c"),
            SealContext(purpose: "user key by password", user: "0a1", record: "b"),
            SealContext(purpose: "user key by password0", user: "a", record: "1b"),
            SealContext(purpose: "user key by password", user: "0a1b", record: ""),
        ])
    func otherContext(other: SealContext) throws {
        let key = try GuardedBytes.random(count: 32)
        let seal = try Seal(GuardedBytes.random(count: 32), under: key, context: context)
        #expect(throws: SecretsError.sealRefused) { try seal.open(with: key, context: other) }
    }

    @Test("refuse another key, a wiped key and a key of another length")
    func wrongKey() throws {
        let key = try GuardedBytes.random(count: 32)
        let seal = try Seal(GuardedBytes.random(count: 32), under: key, context: context)
        #expect(throws: SecretsError.sealRefused) {
            try seal.open(with: GuardedBytes.random(count: 32), context: context)
        }
        key.wipe()
        #expect(throws: SecretsError.wrongLength(expected: 32, actual: 0)) {
            try seal.open(with: key, context: context)
        }
        #expect(throws: SecretsError.wrongLength(expected: 32, actual: 31)) {
            try Seal(GuardedBytes.random(count: 32), under: GuardedBytes.random(count: 31), context: context)
        }
    }

    @Test("hold nothing of what they seal")
    func ciphertextOnly() throws {
        let key = try GuardedBytes(copying: [UInt8](repeating: 0xAA, count: 32))
        let secret = try GuardedBytes(copying: [UInt8](repeating: 0xBB, count: 32))
        let seal = try Seal(secret, under: key, context: context)
        for pattern in [0xAA, 0xBB] as [UInt8] {
            #expect(seal.bytes.split(whereSeparator: { $0 != pattern }).allSatisfy { $0.count < 4 })
        }
    }
}
