import Accounts
import HTTPServer
import JSON
import Secrets

extension JSONCursor {
    /// Reads a string member into guarded memory; what was needed on the way is wiped.
    mutating func password(for field: String) throws -> Password {
        try expect(.string, for: field)
        let token = try readStringToken()
        if !token.hasEscapes { return try Password(copying: token.raw) }
        var decoded = token.utf8
        defer { decoded.withUnsafeMutableBytes { $0.wipe() } }
        return try Password(copying: decoded)
    }

    /// Reads a recovery code; `nil` if the text cannot be one.
    mutating func recoveryCode(for field: String) throws -> RecoveryCode? {
        try expect(.string, for: field)
        return try RecoveryCode(parsing: readStringToken().raw)
    }
}

extension JSONWriter {
    /// Writes a secret that the client gets to see once.
    mutating func write(_ secret: TransientBytes) {
        secret.withUnsafeBytes { write(utf8: $0) }
    }
}

extension Optional {
    /// The member's value; 400 without one.
    func required(_ field: String) throws -> Wrapped {
        guard let value = self else { throw Problem.invalidField(field, "is missing") }
        return value
    }
}
