/// The random 128-bit name of a user: the one that paths, locks and the registry go by. A user name can never be a
/// path.
public struct UserID: Hashable, Sendable, CustomStringConvertible {
    private let high: UInt64
    private let low: UInt64

    /// Makes a new id from the system's secure random source.
    public init() {
        var generator = SystemRandomNumberGenerator()
        high = generator.next()
        low = generator.next()
    }

    /// Reads the form that ``description`` writes: 32 lower-case hexadecimal digits; `nil` for anything else.
    public init?(_ hexadecimal: some StringProtocol) {
        self.init(hexadecimal.utf8)
    }

    /// The same from the bytes of the text.
    public init?(_ hexadecimal: some Collection<UInt8>) {
        guard hexadecimal.count == 32 else { return nil }
        var (high, low): (UInt64, UInt64) = (0, 0)
        for byte in hexadecimal {
            let digit: UInt64
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt64(byte - UInt8(ascii: "0"))
            case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt64(byte - UInt8(ascii: "a") + 10)
            default: return nil
            }
            high = high << 4 | low >> 60
            low = low << 4 | digit
        }
        (self.high, self.low) = (high, low)
    }

    /// 32 lower-case hexadecimal digits.
    public var description: String {
        String(unsafeUninitializedCapacity: 32) { text in
            for position in 0..<32 {
                let half = position < 16 ? high : low
                let digit = UInt8(truncatingIfNeeded: half >> UInt64(60 - 4 * (position % 16))) & 0xF
                text[position] = digit + (digit < 10 ? UInt8(ascii: "0") : UInt8(ascii: "a") - 10)
            }
            return 32
        }
    }
}
