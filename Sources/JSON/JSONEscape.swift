/// The hexadecimal digits of `\uXXXX`.
enum JSONEscape {
    /// The UTF-16 code unit that the four digits at `offset` name; `nil` when there are not four.
    static func codeUnit(in input: UnsafeRawBufferPointer, at offset: Int) -> UInt16? {
        guard offset + 4 <= input.count else { return nil }
        var unit: UInt16 = 0
        for index in offset..<offset + 4 {
            guard let digit = digit(input[index]) else { return nil }
            unit = unit << 4 | digit
        }
        return unit
    }

    /// The value of a hexadecimal digit of either case.
    static func digit(_ byte: UInt8) -> UInt16? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt16(byte - UInt8(ascii: "0"))
        case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt16(byte - UInt8(ascii: "a") + 10)
        case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt16(byte - UInt8(ascii: "A") + 10)
        default: nil
        }
    }
}
