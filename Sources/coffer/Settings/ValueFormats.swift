/// The written forms of durations, sizes and rates.
enum ValueFormats {
    static let duration = "a duration such as 500ms, 30s, 5m, 2h or 30d, and not zero"
    static let durationOrZero = "a duration such as 500ms, 30s, 5m, 2h or 30d"
    static let size = "a size such as 64KiB, 8MiB or 1GiB, and not zero"
    static let count = "a whole number of at least 1"

    /// Reads `500ms`, `30s`, `5m`, `2h`, `30d`; not zero.
    static func duration(_ text: String) -> Duration? {
        durationOrZero(text).flatMap { $0 > .zero ? $0 : nil }
    }

    /// Reads the same, and zero too.
    static func durationOrZero(_ text: String) -> Duration? {
        let units: [(String, Int64)] = [
            ("ms", 1), ("s", 1000), ("m", 60_000), ("h", 3_600_000), ("d", 86_400_000),
        ]
        return scaled(text, units).map { .milliseconds($0) }
    }

    /// Reads `64KiB`, `8MiB`, `1GiB`, or bytes as a bare number or with `B`; not zero.
    static func size(_ text: String) -> Int? {
        scaled(text, [("KiB", 1 << 10), ("MiB", 1 << 20), ("GiB", 1 << 30), ("B", 1), ("", 1)])
            .flatMap { $0 > 0 ? Int($0) : nil }
    }

    /// Reads a whole number of at least 1.
    static func count(_ text: String) -> Int? {
        guard let count = Int(text), count >= 1 else { return nil }
        return count
    }

    /// Reads a whole number within a range.
    static func count(in range: ClosedRange<Int>) -> @Sendable (String) -> Int? {
        { text in Int(text).flatMap { range.contains($0) ? $0 : nil } }
    }

    /// Reads `off` as 0, else a whole number of at least 1.
    static func countOrOff(_ text: String) -> Int? {
        text == "off" ? 0 : count(text)
    }

    /// Reads bytes a second, `1KiB/s`.
    static func byteRate(_ text: String) -> Int? {
        guard text.hasSuffix("/s") else { return nil }
        return size(String(text.dropLast(2)))
    }

    private static func scaled(_ text: String, _ units: [(suffix: String, factor: Int64)]) -> Int64? {
        let digits = text.prefix { $0.isASCII && $0.isNumber }
        let suffix = text[digits.endIndex...]
        guard let number = Int64(digits), let unit = units.first(where: { $0.suffix == suffix }) else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: unit.factor)
        return overflow ? nil : product
    }
}
