import Secrets

/// The code that opens an account whose password is lost: 160 random bits, shown once, good for one recovery.
///
/// Written in Crockford's Base32 in eight groups of four: no I, L, O or U, and what is easily mistaken is read as
/// meant.
/// https://www.crockford.com/base32.html
public struct RecoveryCode: Sendable, Redacted {
    private static let byteCount = 20
    private static let groupLength = 4
    private static let digits: StaticString = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
    private static let sealing = DerivationContext("coffer recovery sealing 1")

    private let secret: GuardedBytes

    /// Makes a new random code.
    static func random() throws -> RecoveryCode {
        RecoveryCode(secret: try .random(count: byteCount))
    }

    private init(secret: GuardedBytes) {
        self.secret = secret
    }

    /// Reads a code as a person types it: in any case, with or without dashes and spaces, O for 0, I and L for 1;
    /// `nil` if it has not exactly 32 digits or any other character. The text stays the caller's to wipe.
    public init?(parsing text: UnsafeRawBufferPointer) throws {
        var isValid = false
        let secret = try GuardedBytes(count: Self.byteCount) { target in
            isValid = Self.decode(text, into: target)
        }
        guard isValid else { return nil }
        self.secret = secret
    }

    /// The text that is shown, such as `7K2M-…`: 39 characters.
    public func text() -> TransientBytes {
        let digitCount = Self.byteCount * 8 / 5
        let separatorCount = digitCount / Self.groupLength - 1
        return secret.withUnsafeBytes { secret in
            TransientBytes(count: digitCount + separatorCount) { target in
                var position = 0
                for index in 0..<digitCount {
                    if index > 0 && index % Self.groupLength == 0 {
                        target[position] = UInt8(ascii: "-")
                        position += 1
                    }
                    target[position] = Self.digits.bytes[Self.fiveBits(of: secret, at: index)]
                    position += 1
                }
            }
        }
    }

    /// What opens the recovery seal. The code has full entropy, so it needs no slow hash.
    func sealingKey() throws -> GuardedBytes {
        try secret.withUnsafeBytes { try Derivation.key(from: $0, for: Self.sealing) }
    }

    private static func fiveBits(of bytes: UnsafeRawBufferPointer, at index: Int) -> Int {
        (0..<5).reduce(0) { value, offset in
            let bit = index * 5 + offset
            return value << 1 | Int(bytes[bit / 8] >> (7 - bit % 8) & 1)
        }
    }

    private static func decode(_ text: UnsafeRawBufferPointer, into target: UnsafeMutableRawBufferPointer) -> Bool {
        target.initializeMemory(as: UInt8.self, repeating: 0)
        var bit = 0
        for character in text where character != UInt8(ascii: "-") && character != UInt8(ascii: " ") {
            guard let value = value(of: character), bit + 5 <= target.count * 8 else { return false }
            for offset in 0..<5 where value >> (4 - offset) & 1 == 1 {
                target[(bit + offset) / 8] |= 1 << (7 - (bit + offset) % 8)
            }
            bit += 5
        }
        return bit == target.count * 8
    }

    private static func value(of character: UInt8) -> Int? {
        let isLowerCase = (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(character)
        let upperCase = isLowerCase ? character & ~0x20 : character
        switch upperCase {
        case UInt8(ascii: "O"): return 0
        case UInt8(ascii: "I"), UInt8(ascii: "L"): return 1
        default: return digits.bytes.firstIndex(of: upperCase)
        }
    }
}
