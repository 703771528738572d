/// Why a secret could not be made, sealed or opened. Carries lengths and versions, never a byte of a secret.
public enum SecretsError: Error, Equatable, Sendable {
    /// libsodium refused to start; without it there is no randomness to trust.
    case sodiumUnavailable
    /// The system has no memory left for a guarded allocation, or for the memory a password hash asks for.
    case outOfMemory
    /// A key has the wrong number of bytes. A wiped key has none.
    case wrongLength(expected: Int, actual: Int)
    /// The seal was written in a form that this program does not know.
    case unknownSealVersion(UInt8)
    /// The seal did not open: another key, another context, or changed bytes.
    case sealRefused
    /// Password hash parameters outside of the supported range.
    case unsupportedParameters(operations: Int, memoryBytes: Int)
}
