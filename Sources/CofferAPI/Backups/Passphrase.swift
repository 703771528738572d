import HTTPServer
import JSON
import Secrets

extension Request {
    static let passphraseField: StaticString = "X-Coffer-Passphrase"

    /// The passphrase of a SQLCipher file, in guarded memory; `nil` without the field.
    func passphrase() throws -> GuardedBytes? {
        try headers.withBytes(of: Self.passphraseField) { bytes in
            // Looked at without making a `String`, which could not be wiped.
            guard (1...1024).contains(bytes.count), JSONWriter.isValidUTF8(bytes) else {
                throw Problem.invalidField("\(Self.passphraseField)", "must have 1 to 1024 bytes of UTF-8")
            }
            return try GuardedBytes(copying: bytes)
        }
    }
}
