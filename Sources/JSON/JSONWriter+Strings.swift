extension JSONWriter {
    /// Writes a string.
    public mutating func write(_ value: String) {
        var value = value
        value.withUTF8 { write(utf8: UnsafeRawBufferPointer($0)) }
    }

    /// Writes a string whose bytes are known to be UTF-8.
    public mutating func write(utf8 text: UnsafeRawBufferPointer) {
        let special = TextScan.firstSpecial(in: text, from: 0)
        if special == text.count { writeQuoted(text) } else { write(utf8: text, firstSpecial: special) }
    }

    /// Writes a string if the bytes are UTF-8; otherwise writes nothing and returns false.
    public mutating func write(utf8IfValid text: UnsafeRawBufferPointer) -> Bool {
        // One scan tells for most texts that they are ASCII, and that nothing in them has to be escaped.
        let special = TextScan.firstSpecial(in: text, from: 0)
        if special == text.count {
            writeQuoted(text)
        } else {
            guard TextScan.isValidUTF8(text, from: special) else { return false }
            write(utf8: text, firstSpecial: special)
        }
        return true
    }

    private mutating func write(utf8 text: UnsafeRawBufferPointer, firstSpecial: Int) {
        var escaped = TextScan.firstEscaped(in: text, from: firstSpecial)
        guard escaped < text.count else { return writeQuoted(text) }
        beginString()
        var copied = 0
        while escaped < text.count {
            buffer.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[copied..<escaped]))
            appendEscaped(text[escaped])
            copied = escaped + 1
            escaped = TextScan.firstEscaped(in: text, from: copied)
        }
        endString(with: UnsafeRawBufferPointer(rebasing: text[copied...]))
    }

    /// The bytes that a text of UTF-8 takes as a string, with its quotes and escapes.
    public static func byteCount(ofString text: UnsafeRawBufferPointer) -> Int {
        var count = text.count + 2
        var escaped = TextScan.firstEscaped(in: text, from: 0)
        while escaped < text.count {
            switch text[escaped] {
            case UInt8(ascii: "\""), UInt8(ascii: "\\"), 0x08, 0x09, 0x0A, 0x0C, 0x0D: count += 1
            default: count += 5
            }
            escaped = TextScan.firstEscaped(in: text, from: escaped + 1)
        }
        return count
    }

    @inline(__always)
    private mutating func writeQuoted(_ text: UnsafeRawBufferPointer) {
        writeValue(upTo: text.count + 2) { bytes in
            bytes[0] = UInt8(ascii: "\"")
            if let start = text.baseAddress {
                UnsafeMutableRawPointer(bytes + 1).copyMemory(from: start, byteCount: text.count)
            }
            bytes[text.count + 1] = UInt8(ascii: "\"")
            return text.count + 2
        }
    }

    private mutating func beginString() {
        writeValue(upTo: 1) { bytes in
            bytes[0] = UInt8(ascii: "\"")
            return 1
        }
    }

    private mutating func endString(with rest: UnsafeRawBufferPointer) {
        buffer.append(contentsOf: rest)
        buffer.append(UInt8(ascii: "\""))
    }

    private mutating func appendEscaped(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): append("\\\"")
        case UInt8(ascii: "\\"): append("\\\\")
        case 0x08: append("\\b")
        case 0x09: append("\\t")
        case 0x0A: append("\\n")
        case 0x0C: append("\\f")
        case 0x0D: append("\\r")
        default:
            append(byte < 0x10 ? "\\u000" : "\\u001")
            let low = byte & 0x0F
            buffer.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
        }
    }
}
