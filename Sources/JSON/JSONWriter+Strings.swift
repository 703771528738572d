extension JSONWriter {
    /// Writes a string.
    public mutating func write(_ value: String) {
        var value = value
        value.withUTF8 { write(utf8: UnsafeRawBufferPointer($0)) }
    }

    /// Writes a string whose bytes are known to be UTF-8.
    public mutating func write(utf8 text: UnsafeRawBufferPointer) {
        beginString()
        var copied = 0
        var offset = TextScan.firstSpecial(in: text, from: 0)
        while offset < text.count {
            if text[offset] < 0x80 {
                buffer.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[copied..<offset]))
                escape(text[offset])
                copied = offset + 1
            }
            offset = TextScan.firstSpecial(in: text, from: offset + 1)
        }
        endString(with: UnsafeRawBufferPointer(rebasing: text[copied...]))
    }

    /// Writes a string if the bytes are UTF-8; otherwise writes nothing and returns false.
    public mutating func write(utf8IfValid text: UnsafeRawBufferPointer) -> Bool {
        let end = buffer.count
        beginString()
        var copied = 0
        var offset = TextScan.firstSpecial(in: text, from: 0)
        while offset < text.count {
            if text[offset] < 0x80 {
                buffer.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[copied..<offset]))
                escape(text[offset])
                offset += 1
                copied = offset
            } else {
                let length = TextScan.multibyteLength(in: text, at: offset)
                guard length > 0 else {
                    buffer.removeLast(buffer.count - end)
                    return false
                }
                offset += length
            }
            offset = TextScan.firstSpecial(in: text, from: offset)
        }
        endString(with: UnsafeRawBufferPointer(rebasing: text[copied...]))
        return true
    }

    private mutating func beginString() {
        separate()
        buffer.append(UInt8(ascii: "\""))
    }

    private mutating func endString(with rest: UnsafeRawBufferPointer) {
        buffer.append(contentsOf: rest)
        buffer.append(UInt8(ascii: "\""))
    }

    private mutating func escape(_ byte: UInt8) {
        buffer.append(UInt8(ascii: "\\"))
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): buffer.append(byte)
        case 0x08: buffer.append(UInt8(ascii: "b"))
        case 0x09: buffer.append(UInt8(ascii: "t"))
        case 0x0A: buffer.append(UInt8(ascii: "n"))
        case 0x0C: buffer.append(UInt8(ascii: "f"))
        case 0x0D: buffer.append(UInt8(ascii: "r"))
        default:
            append("u00")
            buffer.append(byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
            let low = byte & 0x0F
            buffer.append(low < 10 ? UInt8(ascii: "0") + low : UInt8(ascii: "a") + low - 10)
        }
    }
}
