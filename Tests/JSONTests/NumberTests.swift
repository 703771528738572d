import JSON
import Testing

@Suite("Numbers")
struct NumberTests {
    @Test(
        "Integers are exact over the whole range of Int64",
        arguments: [
            ("0", 0), ("-0", 0), ("7", 7), ("-1", -1),
            ("9007199254740993", 9_007_199_254_740_993),
            ("9223372036854775807", .max), ("-9223372036854775808", .min),
        ] as [(String, Int64)])
    func integers(document: String, value: Int64) throws {
        #expect(try JSONValue(parsing: Array(document.utf8)) == .integer(value))
    }

    @Test(
        "An integer outside Int64 is refused instead of rounded",
        arguments: [
            "9223372036854775808", "-9223372036854775809", "18446744073709551616", "99999999999999999999999",
            "-170141183460469231731687303715884105728",
        ])
    func integerOutOfRange(document: String) {
        #expect(throws: JSONError(.integerOutOfRange, at: 1)) { try JSONValue(parsing: Array("[\(document)]".utf8)) }
    }

    @Test(
        "A fraction or an exponent makes a double, rounded correctly",
        arguments: [
            ("1.0", 1), ("-0.0", -0.0), ("0e0", 0), ("1e3", 1000), ("1E+3", 1000), ("25e-1", 2.5),
            ("0.1", 0.1), ("0.30000000000000004", 0.30000000000000004),
            ("1.7976931348623157e308", .greatestFiniteMagnitude),
            ("5e-324", .leastNonzeroMagnitude), ("2.2250738585072011e-308", Double(bitPattern: 0x000F_FFFF_FFFF_FFFF)),
            ("2.2250738585072014e-308", .leastNormalMagnitude), ("9007199254740993.0", 9_007_199_254_740_992),
            ("1e-400", 0), ("123456789012345678901234567890.0", 1.2345678901234568e29), ("1e0000001", 10),
        ] as [(String, Double)])
    func doubles(document: String, value: Double) throws {
        let parsed = try #require(try JSONValue(parsing: Array(document.utf8)).doubleValue)
        #expect(parsed.bitPattern == value.bitPattern)
    }

    @Test("A number too large for a double is refused", arguments: ["1e309", "-1e309", "1.8e308", "1e999999999999"])
    func doubleOutOfRange(document: String) {
        #expect(throws: JSONError(.numberOutOfRange, at: 0)) { try JSONValue(parsing: Array(document.utf8)) }
    }

    @Test(
        "What the grammar does not allow is refused",
        arguments: [
            ("-", .unexpectedEnd, 1), ("[-]", .invalidNumber, 1), ("--1", .invalidNumber, 0),
            ("+1", .unexpectedByte, 0),
            ("01", .invalidNumber, 0), ("-012", .invalidNumber, 0), ("00", .invalidNumber, 0),
            ("0x1", .trailingData, 1),
            (".5", .unexpectedByte, 0), ("-.5", .invalidNumber, 0), ("1.", .unexpectedEnd, 2),
            ("[1.]", .invalidNumber, 1),
            ("1.e5", .invalidNumber, 0), ("1e", .unexpectedEnd, 2), ("[1e]", .invalidNumber, 1),
            ("1e+", .unexpectedEnd, 3),
            ("[1e+]", .invalidNumber, 1), ("1e1.5", .trailingData, 3), ("1.2.3", .trailingData, 3),
            ("1_000", .trailingData, 1),
            ("-Infinity", .invalidNumber, 0), ("１", .unexpectedByte, 0),
        ] as [(String, JSONError.Reason, Int)])
    func grammar(document: String, reason: JSONError.Reason, offset: Int) {
        #expect(throws: JSONError(reason, at: offset)) { try JSONValue(parsing: Array(document.utf8)) }
    }
}
