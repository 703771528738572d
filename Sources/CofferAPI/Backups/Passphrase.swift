import HTTPServer
import Secrets

extension Request {
    static let passphraseField: StaticString = "X-Coffer-Passphrase"

    /// The passphrase of a SQLCipher file, in guarded memory; `nil` without the field.
    func passphrase() throws -> GuardedBytes? {
        try headers.withBytes(of: Self.passphraseField) { bytes in
            guard (1...1024).contains(bytes.count), bytes.isValidUTF8 else {
                throw Problem.invalidField("\(Self.passphraseField)", "must have 1 to 1024 bytes of UTF-8")
            }
            return try GuardedBytes(copying: bytes)
        }
    }
}

extension UnsafeRawBufferPointer {
    /// Looks without making a `String`, which could not be wiped.
    fileprivate var isValidUTF8: Bool {
        var decoder = UTF8()
        var bytes = makeIterator()
        while true {
            switch decoder.decode(&bytes) {
            case .scalarValue: continue
            case .emptyInput: return true
            case .error: return false
            }
        }
    }
}
