import Testing

@testable import Secrets

@Suite("Password hashes")
struct PasswordHashTests {
    private static let fast = try! PasswordHash.Parameters(operations: 1, memoryBytes: 8_192)

    /// Vectors: https://github.com/jedisct1/libsodium/blob/master/test/default/pwhash_argon2id.c (`tv` and `tv3`).
    @Test("are Argon2id, by the published vector of 155 bytes")
    func longVector() throws {
        let password = bytes(
            """
            a347ae92bce9f80f6f595a4480fc9c2fe7e7d7148d371e9487d75f5c23008ffae0
            65577a928febd9b1973a5a95073acdbeb6a030cfc0d79caa2dc5cd011cef02c08d
            a232d76d52dfbca38ca8dcbd665b17d1665f7cf5fe59772ec909733b24de97d6f5
            8d220b20c60d7c07ec1fd93c52c31020300c6c1facd77937a597c7a6
            """)
        let hash = try PasswordHash(
            parameters: .init(operations: 5, memoryBytes: 7_256_678), salt: bytes("5541fbc995d5c197ba290346d2c559de"))
        var output = [UInt8](repeating: 0, count: 155)
        try output.withUnsafeMutableBytes { output in
            try password.withUnsafeBytes { try hash.hash($0, into: output) }
        }
        let expected = """
            18acec5d6507739f203d1f5d9f1d862f7c2cdac4f19d2bdff64487e60d969e3ced61
            5337b9eec6ac4461c6ca07f0939741e57c24d0005c7ea171a0ee1e7348249d135b38
            f222e4dad7b9a033ed83f5ca27277393e316582033c74affe2566a2bea47f91f0fd9
            fe49ece7e1f79f3ad6e9b23e0277c8ecc4b313225748dd2a80f5679534a0700e246a
            79a49b3f74eb89ec6205fe1eeb941c73b1fcf1
            """
        #expect(output == bytes(expected))
    }

    @Test("give the published key of 32 bytes")
    func shortVector() throws {
        let hash = try PasswordHash(
            parameters: .init(operations: 2, memoryBytes: 4_882 * 1_024),
            salt: bytes("6c0f356abb225f2b1ddd66d34739843b"))
        let key = try hash.sealingKey(from: Password(copying: []))
        let expected = "366f1004cfbb447d435e8f6bbe9e5cc0a10e38e7c3da0e89bb19578a1a0d7291"
        #expect(key.withUnsafeBytes { [UInt8]($0) } == bytes(expected))
    }

    @Test("depend on the password, the salt and both parameters")
    func everyInputCounts() throws {
        let password = try Password(copying: [UInt8]("correct horse".utf8))
        let hash = PasswordHash(parameters: Self.fast)
        let key = try hash.sealingKey(from: password)
        #expect(try hash.sealingKey(from: password) == key)
        #expect(try hash.sealingKey(from: Password(copying: [UInt8]("correct horsf".utf8))) != key)
        #expect(try PasswordHash(parameters: Self.fast).sealingKey(from: password) != key)
        for (operations, memory) in [(2, 8_192), (1, 16_384)] {
            let parameters = try PasswordHash.Parameters(operations: operations, memoryBytes: memory)
            #expect(try PasswordHash(parameters: parameters, salt: hash.salt).sealingKey(from: password) != key)
        }
    }

    @Test("hash zero bytes and bytes after a zero")
    func embeddedZero() throws {
        let hash = PasswordHash(parameters: Self.fast)
        let short = try hash.sealingKey(from: Password(copying: [97, 0]))
        let long = try hash.sealingKey(from: Password(copying: [97, 0, 98]))
        #expect(short != long)
    }

    @Test(
        "refuse parameters outside of the range",
        arguments: [(0, 8_192), (-1, 8_192), (1_001, 8_192), (1, 8_191), (1, 0), (1, 4_294_967_297), (1, .max)])
    func parameterRange(operations: Int, memory: Int) {
        #expect(throws: SecretsError.unsupportedParameters(operations: operations, memoryBytes: memory)) {
            try PasswordHash.Parameters(operations: operations, memoryBytes: memory)
        }
    }

    @Test("refuse a salt of another length")
    func saltLength() {
        #expect(throws: SecretsError.wrongLength(expected: 16, actual: 15)) {
            try PasswordHash(parameters: Self.fast, salt: [UInt8](repeating: 1, count: 15))
        }
    }
}
