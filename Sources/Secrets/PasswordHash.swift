import CSodium

/// How a password becomes a sealing key: Argon2id with stored parameters and a stored salt.
/// https://doc.libsodium.org/password_hashing/default_phf
public struct PasswordHash: Equatable, Sendable {
    /// What one hash costs.
    public struct Parameters: Equatable, Sendable {
        /// Passes over the memory, 1 to 1,000.
        public let operations: Int
        /// Memory that one hash takes, 8 KiB to 4 GiB.
        public let memoryBytes: Int

        /// Takes the parameters, or throws ``SecretsError/unsupportedParameters(operations:memoryBytes:)``. The upper
        /// bounds keep a damaged record from stalling the process.
        public init(operations: Int, memoryBytes: Int) throws(SecretsError) {
            guard (1...1_000).contains(operations), (8_192...4_294_967_296).contains(memoryBytes) else {
                throw .unsupportedParameters(operations: operations, memoryBytes: memoryBytes)
            }
            self.operations = operations
            self.memoryBytes = memoryBytes
        }
    }

    /// The number of bytes of a salt.
    public static let saltCount = Int(crypto_pwhash_argon2id_SALTBYTES)

    /// What the hash costs.
    public let parameters: Parameters
    /// The salt, 16 bytes.
    public let salt: [UInt8]

    /// Takes a stored salt of 16 bytes.
    public init(parameters: Parameters, salt: [UInt8]) throws(SecretsError) {
        guard salt.count == Self.saltCount else {
            throw .wrongLength(expected: Self.saltCount, actual: salt.count)
        }
        self.parameters = parameters
        self.salt = salt
    }

    /// Makes a new random salt.
    public init(parameters: Parameters) {
        self.parameters = parameters
        salt = RandomBytes.make(count: Self.saltCount)
    }

    /// Derives the 32-byte sealing key. Blocks its thread for as long as the parameters ask for: tens of milliseconds
    /// and more. Throws ``SecretsError/outOfMemory`` where the memory is not to be had.
    public func sealingKey(from password: Password) throws -> GuardedBytes {
        try GuardedBytes(count: 32) { (output) throws(SecretsError) in
            try password.bytes.withUnsafeBytes { (password) throws(SecretsError) in
                try hash(password, into: output)
            }
        }
    }

    func hash(_ password: UnsafeRawBufferPointer, into output: UnsafeMutableRawBufferPointer) throws(SecretsError) {
        // The C function wants an address even for no bytes at all.
        let empty: StaticString = ""
        let text = password.baseAddress ?? UnsafeRawPointer(empty.utf8Start)
        let status = crypto_pwhash(
            output.bindMemory(to: UInt8.self).baseAddress!, UInt64(output.count),
            text.assumingMemoryBound(to: CChar.self), UInt64(password.count), salt, UInt64(parameters.operations),
            parameters.memoryBytes, crypto_pwhash_argon2id_ALG_ARGON2ID13)
        guard status == 0 else { throw .outOfMemory }
    }
}
