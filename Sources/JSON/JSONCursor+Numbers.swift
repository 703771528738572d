/// A number of the input: exact where it was written as an integer.
public enum JSONNumber: Sendable, Equatable {
    /// Written without fraction and exponent.
    case integer(Int64)
    /// Written with a fraction or an exponent.
    case double(Double)
}

extension JSONCursor {
    /// Reads a number. An integer literal outside `Int64`, and a literal too large for a double, are errors; one that
    /// is too small for a double becomes a subnormal or zero.
    public mutating func readNumber() throws(JSONError) -> JSONNumber {
        try expect(.number)
        let start = offset
        let isNegative = input[offset] == UInt8(ascii: "-")
        if isNegative { offset += 1 }
        let magnitude = try readIntegerDigits(from: start)
        switch offset < input.count ? input[offset] : 0 {
        case UInt8(ascii: "."), UInt8(ascii: "e"), UInt8(ascii: "E"):
            try skipFractionAndExponent(from: start)
            return .double(try double(from: start))
        default:
            guard let integer = Self.integer(magnitude, isNegative: isNegative) else {
                throw JSONError(.integerOutOfRange, at: start)
            }
            return .integer(integer)
        }
    }

    /// The digits before the point as a number, or `nil` when it does not fit; no zero may lead others.
    private mutating func readIntegerDigits(from start: Int) throws(JSONError) -> UInt64? {
        let first = offset
        var magnitude: UInt64? = 0
        while offset < input.count, let digit = Self.digit(input[offset]) {
            if let value = magnitude {
                let (product, overflow) = value.multipliedReportingOverflow(by: 10)
                let (sum, carry) = product.addingReportingOverflow(digit)
                magnitude = overflow || carry ? nil : sum
            }
            offset += 1
        }
        try requireDigits(since: first, of: start)
        if input[first] == UInt8(ascii: "0"), offset > first + 1 { throw JSONError(.invalidNumber, at: start) }
        return magnitude
    }

    private mutating func skipFractionAndExponent(from start: Int) throws(JSONError) {
        if input[offset] == UInt8(ascii: ".") {
            offset += 1
            try skipDigits(of: start)
        }
        guard offset < input.count, input[offset] | 0x20 == UInt8(ascii: "e") else { return }
        offset += 1
        if offset < input.count, input[offset] == UInt8(ascii: "+") || input[offset] == UInt8(ascii: "-") {
            offset += 1
        }
        try skipDigits(of: start)
    }

    private mutating func skipDigits(of start: Int) throws(JSONError) {
        let first = offset
        while offset < input.count, Self.digit(input[offset]) != nil { offset += 1 }
        try requireDigits(since: first, of: start)
    }

    private func requireDigits(since first: Int, of start: Int) throws(JSONError) {
        guard offset == first else { return }
        if offset == input.count { throw JSONError(.unexpectedEnd, at: offset) }
        throw JSONError(.invalidNumber, at: start)
    }

    private func double(from start: Int) throws(JSONError) -> Double {
        let text = String(decoding: input[start..<offset], as: UTF8.self)
        guard let value = Double(text), value.isFinite else { throw JSONError(.numberOutOfRange, at: start) }
        return value
    }

    private static func digit(_ byte: UInt8) -> UInt64? {
        let value = byte &- UInt8(ascii: "0")
        return value < 10 ? UInt64(value) : nil
    }

    private static func integer(_ magnitude: UInt64?, isNegative: Bool) -> Int64? {
        guard let magnitude else { return nil }
        guard isNegative else { return Int64(exactly: magnitude) }
        guard magnitude <= Int64.min.magnitude else { return nil }
        return Int64(truncatingIfNeeded: 0 &- magnitude)
    }
}
