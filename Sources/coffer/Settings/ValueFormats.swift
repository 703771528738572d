import Accounts

/// The written forms of durations, sizes and rates.
enum ValueFormats {
    static let duration = "a duration such as 500ms, 30s, 5m, 2h or 30d, not zero and at most 3650d"
    static let durationOrZero = "a duration such as 500ms, 30s, 5m, 2h or 30d, at most 3650d"
    static let size = "a size such as 64KiB, 8MiB or 1GiB, not zero and at most 1024GiB"
    static let count = "a whole number from 1 to \(maximumCount)"
    static let eventRate = "a rate such as 20/1h"
    static let byteRate = "a rate such as 1KiB/s, not zero and at most 1GiB/s"

    /// Beyond these a value is a slip, and sums and products with it could leave the range of an integer.
    private static let maximumCount = 1_000_000_000
    private static let maximumBytes = 1 << 40
    private static let maximumBytesPerSecond = 1 << 30
    private static let maximumMilliseconds: Int64 = 3650 * 86_400_000

    /// Reads `500ms`, `30s`, `5m`, `2h`, `30d`, up to ten years; not zero.
    static func duration(_ text: String) -> Duration? {
        durationOrZero(text).flatMap { $0 > .zero ? $0 : nil }
    }

    /// Reads the same, and zero too.
    static func durationOrZero(_ text: String) -> Duration? {
        let units: [(String, Int64)] = [
            ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
        ]
        guard let milliseconds = scaled(text, units), milliseconds <= maximumMilliseconds else { return nil }
        return .milliseconds(milliseconds)
    }

    /// Reads `64KiB`, `8MiB`, `1GiB`, or bytes as a bare number or with `B`, up to 1 TiB; not zero.
    static func size(_ text: String) -> Int? {
        scaled(text, [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1), ("", 1)])
            .flatMap { (1...Int64(maximumBytes)).contains($0) ? Int($0) : nil }
    }

    /// Reads a whole number from 1 to a thousand millions.
    static func count(_ text: String) -> Int? {
        count(in: 1...maximumCount)(text)
    }

    /// Reads a whole number within a range.
    static func count(in range: ClosedRange<Int>) -> @Sendable (String) -> Int? {
        { text in Int(text).flatMap { range.contains($0) ? $0 : nil } }
    }

    /// Reads an empty text as no value, else what `parse` reads.
    static func optional<Value>(_ parse: @escaping @Sendable (String) -> Value?) -> @Sendable (String) -> Value?? {
        { text in text.isEmpty ? .some(nil) : parse(text).map(Optional.some) }
    }

    /// Reads `off` as 0, else a count.
    static func countOrOff(_ text: String) -> Int? {
        text == "off" ? 0 : count(text)
    }

    /// Reads a count, `/` and a duration.
    static func eventRate(_ text: String) -> RateLimit? {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        // As many times are remembered for each key.
        guard parts.count == 2, let count = count(in: 1...10_000)(parts[0]), let window = duration(parts[1]) else {
            return nil
        }
        return RateLimit(count: count, window: window)
    }

    /// Reads bytes a second, `1KiB/s`, up to 1 GiB.
    static func byteRate(_ text: String) -> Int? {
        guard text.hasSuffix("/s") else { return nil }
        return size(String(text.dropLast(2))).flatMap { $0 <= maximumBytesPerSecond ? $0 : nil }
    }

    private static func scaled(_ text: String, _ units: [(suffix: String, factor: Int64)]) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = text[digits.endIndex...]
        guard let number = Int64(digits), let unit = units.first(where: { $0.suffix == suffix }) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit.factor)
        return overflow ? nil : product
    }
}
