import Secrets

/// What a new password must be: 8 to 1,024 bytes of valid UTF-8, neither the user name nor one of the commonest.
/// After https://pages.nist.gov/800-63-4/sp800-63b.html#passwordver: length and a block list, no rules of composition.
enum PasswordPolicy {
    static let lengths = 8...1_024

    static func check(_ password: Password, for username: Username) throws(AccountError) {
        try password.bytes.withUnsafeBytes { (bytes) throws(AccountError) in
            guard bytes.count >= lengths.lowerBound else {
                throw .weakPassword("A password has at least \(lengths.lowerBound) bytes.")
            }
            guard bytes.count <= lengths.upperBound else {
                throw .weakPassword("A password has at most \(lengths.upperBound) bytes.")
            }
            guard UTF8.isValid(bytes) else {
                throw .weakPassword("A password is UTF-8 text.")
            }
            guard !equalsIgnoringCase(bytes, Array(username.folded.utf8)) else {
                throw .weakPassword("A password is not the user name.")
            }
            guard !CommonPasswords.contains(bytes) else {
                throw .weakPassword("This is one of the most common passwords.")
            }
        }
    }
}

/// Whether `bytes` is the lower-case ASCII text `folded` in any case. Makes no copy of `bytes`.
func equalsIgnoringCase(_ bytes: UnsafeRawBufferPointer, _ folded: some Collection<UInt8>) -> Bool {
    bytes.count == folded.count
        && zip(bytes, folded).allSatisfy { byte, folded in
            let isUpperCase = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            return (isUpperCase ? byte | 0x20 : byte) == folded
        }
}

extension UTF8 {
    /// Whether `bytes` is well-formed. Makes no copy.
    static func isValid(_ bytes: UnsafeRawBufferPointer) -> Bool {
        var decoder = UTF8()
        var iterator = bytes.makeIterator()
        while true {
            switch decoder.decode(&iterator) {
            case .scalarValue: continue
            case .emptyInput: return true
            case .error: return false
            }
        }
    }
}
