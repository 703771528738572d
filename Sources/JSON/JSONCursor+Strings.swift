extension JSONCursor {
    /// Reads a string.
    public mutating func readString() throws(JSONError) -> String {
        try readStringToken().string
    }

    /// Reads a string without copying it.
    public mutating func readStringToken() throws(JSONError) -> JSONStringToken {
        try expect(.string)
        return try scanString()
    }

    /// Where in the input a token of it lies.
    public func range(of token: JSONStringToken) -> Range<Int> {
        guard let start = input.baseAddress, let tokenStart = token.raw.baseAddress else { return 0..<0 }
        let first = tokenStart - start
        return first..<first + token.raw.count
    }

    /// Reads the string whose opening quote is the next byte, and checks its escapes and its UTF-8.
    mutating func scanString() throws(JSONError) -> JSONStringToken {
        let start = offset + 1
        offset = start
        var hasEscapes = false
        while true {
            offset = TextScan.firstSpecial(in: input, from: offset)
            guard offset < input.count else { throw JSONError(.unexpectedEnd, at: offset) }
            switch input[offset] {
            case UInt8(ascii: "\""):
                let raw = UnsafeRawBufferPointer(rebasing: input[start..<offset])
                offset += 1
                return JSONStringToken(raw: raw, hasEscapes: hasEscapes)
            case UInt8(ascii: "\\"):
                hasEscapes = true
                try skipEscape()
            case 0x80...:
                let length = TextScan.multibyteLength(in: input, at: offset)
                guard length > 0 else { throw JSONError(.invalidUTF8, at: offset) }
                offset += length
            default:
                throw JSONError(.controlCharacter, at: offset)
            }
        }
    }

    /// Checks the escape that begins at the next byte and passes over it.
    private mutating func skipEscape() throws(JSONError) {
        guard offset + 1 < input.count else { throw JSONError(.unexpectedEnd, at: input.count) }
        switch input[offset + 1] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"), UInt8(ascii: "b"), UInt8(ascii: "f"),
            UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"):
            offset += 2
        case UInt8(ascii: "u"):
            try skipUnicodeEscape()
        default:
            throw JSONError(.invalidEscape, at: offset)
        }
    }

    private mutating func skipUnicodeEscape() throws(JSONError) {
        let unit = try codeUnit(ofEscapeAt: offset)
        if UTF16.isTrailSurrogate(unit) { throw JSONError(.loneSurrogate, at: offset) }
        guard UTF16.isLeadSurrogate(unit) else {
            offset += 6
            return
        }
        for (distance, byte) in [(6, UInt8(ascii: "\\")), (7, UInt8(ascii: "u"))] {
            guard offset + distance < input.count else { throw JSONError(.unexpectedEnd, at: input.count) }
            guard input[offset + distance] == byte else { throw JSONError(.loneSurrogate, at: offset) }
        }
        guard UTF16.isTrailSurrogate(try codeUnit(ofEscapeAt: offset + 6)) else {
            throw JSONError(.loneSurrogate, at: offset)
        }
        offset += 12
    }

    private func codeUnit(ofEscapeAt escape: Int) throws(JSONError) -> UInt16 {
        if let unit = JSONEscape.codeUnit(in: input, at: escape + 2) { return unit }
        guard escape + 6 <= input.count else { throw JSONError(.unexpectedEnd, at: input.count) }
        throw JSONError(.invalidEscape, at: escape)
    }
}
