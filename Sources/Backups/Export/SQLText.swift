import Glibc
import SQLCipher

/// SQL text as it is written, in pieces of a bounded size.
struct SQLText {
    /// The size at which a piece is handed on.
    static let pieceBytes = 64 * 1024

    private var bytes: [UInt8] = []

    /// Whether it is time to hand on what there is.
    var isFull: Bool { bytes.count >= Self.pieceBytes }

    /// What has been written since the last time.
    mutating func take() -> [UInt8] {
        defer { bytes = [] }
        return bytes
    }

    mutating func write(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// What stands between the quotes of a text.
    mutating func write(doublingQuotes part: UnsafeRawBufferPointer) {
        for byte in part {
            bytes.append(byte)
            if byte == UInt8(ascii: "'") { bytes.append(byte) }
        }
    }

    mutating func write(hexadecimal part: UnsafeRawBufferPointer) {
        for byte in part {
            bytes.append(Self.digits[Int(byte >> 4)])
            bytes.append(Self.digits[Int(byte & 15)])
        }
    }

    private static let digits = Array("0123456789abcdef".utf8)

    /// A double as what every SQLite reads as the same one.
    ///
    /// A text with fewer digits could lie so close to the middle of two doubles that an SQLite before 3.43, which
    /// rounds more than once, takes the other one; with the smallest numbers it does so anyway. The infinities have no
    /// literal but an overflow.
    mutating func write(_ real: Double) {
        if real.isInfinite { return write(real < 0 ? "-9e999" : "9e999") }
        if real != 0 && real.magnitude < 1e-280 { return write(quotientOf: real) }
        let text = withUnsafeTemporaryAllocation(of: CChar.self, capacity: 40) { buffer in
            _ = withVaList([real]) { vsnprintf(buffer.baseAddress!, buffer.count, "%.17g", $0) }
            return String(cString: buffer.baseAddress!)
        }
        write(text)
        if !text.utf8.contains(where: { $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "e") }) { write(".0") }
    }

    /// A whole number divided by powers of two, every step of which is exact.
    private mutating func write(quotientOf real: Double) {
        // The exponent of the last bit of the significand:
        // https://en.wikipedia.org/wiki/Double-precision_floating-point_format
        let exponent = max(Int(real.exponentBitPattern), 1) - 1075
        let significand = real.significandBitPattern | (real.isNormal ? 1 << 52 : 0)
        write("\(real.sign == .minus ? "-" : "")\(significand).0")
        var rest = -exponent
        while rest > 0 {
            write("/\(UInt64(1) << UInt64(min(rest, 60)))")
            rest -= 60
        }
    }

    /// Whether a text can stand between quotes and is read back the same by the sqlite3 command, which ends a line's
    /// text before its carriage return, and every text at U+0000.
    static func canBeQuoted(_ text: UnsafeRawBufferPointer) -> Bool {
        var isASCII = true
        for byte in text {
            if byte == 0 || byte == UInt8(ascii: "\r") { return false }
            if byte >= 0x80 { isASCII = false }
        }
        return isASCII || String(validating: text, as: UTF8.self) != nil
    }
}
