import Secrets

/// The random 128-bit name of something in the catalog. It opens nothing.
public struct RandomID<Named>: Hashable, Sendable, CustomStringConvertible {
    /// 32 lower-case hexadecimal digits.
    public let description: String

    /// Makes a new random id.
    public init() {
        description = RandomBytes.make(count: 16).hexadecimal
    }

    /// Reads 32 lower-case hexadecimal digits; `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        let isDigit: (UInt8) -> Bool = { byte in
            (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
                || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
        }
        guard text.utf8.count == 32, text.utf8.allSatisfy(isDigit) else { return nil }
        description = String(text)
    }
}

/// The name of a session, which lists and revocations go by.
public typealias SessionID = RandomID<Session>

/// The name of a backup.
public typealias BackupID = RandomID<BackupRecord>

/// The name of a data key.
typealias DataKeyID = RandomID<DataKeyRecord>

extension [UInt8] {
    /// Two lower-case digits per byte.
    fileprivate var hexadecimal: String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
