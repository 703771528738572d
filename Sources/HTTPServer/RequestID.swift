/// The id that logs and responses carry. It lies in the value itself: every request has one, and few show it.
public struct RequestID: Sendable, CustomStringConvertible {
    private static let digits: StaticString = "0123456789abcdef"

    /// As C has it, with a zero at the end.
    private var characters = InlineArray<65, UInt8>(repeating: 0)

    /// The client's own: 1–64 of `[A-Za-z0-9._-]`; `nil` for anything else.
    init?(_ text: UnsafeRawBufferPointer) {
        guard (1..<characters.count).contains(text.count), text.allSatisfy(Self.isAllowed) else { return nil }
        for index in text.indices { characters[index] = text[index] }
    }

    /// 32 hex digits.
    init(_ bytes: InlineArray<16, UInt8>) {
        for index in bytes.indices {
            characters[2 * index] = Self.digits.utf8Start[Int(bytes[index] >> 4)]
            characters[2 * index + 1] = Self.digits.utf8Start[Int(bytes[index] & 15)]
        }
    }

    /// The characters.
    public var description: String { withCString { String(cString: $0) } }

    /// Hands out the characters, which end with a zero and are valid only inside `body`.
    func withCString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        withUnsafeBytes(of: characters) { body($0.assumingMemoryBound(to: CChar.self).baseAddress!) }
    }

    private static func isAllowed(_ byte: UInt8) -> Bool {
        switch byte.asciiLowercased {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
        case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
        default: false
        }
    }
}
