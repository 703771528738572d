import Glibc

/// A string of the input that has been checked but not copied; valid as long as the input.
public struct JSONStringToken {
    /// The bytes between the quotes, escapes as written: valid UTF-8.
    public let raw: UnsafeRawBufferPointer
    /// Whether `raw` contains escapes; without any, `raw` is the string.
    public let hasEscapes: Bool

    /// The string.
    public var string: String {
        guard hasEscapes else { return String(decoding: raw, as: UTF8.self) }
        return String(unsafeUninitializedCapacity: raw.count) { decode(into: UnsafeMutableRawBufferPointer($0)) }
    }

    /// The string's UTF-8.
    public var utf8: [UInt8] {
        guard hasEscapes else { return [UInt8](raw) }
        return [UInt8](unsafeUninitializedCapacity: raw.count) { buffer, count in
            count = decode(into: UnsafeMutableRawBufferPointer(buffer))
        }
    }

    /// Matches a name in a `switch`, by code unit.
    public static func ~= (name: StaticString, token: JSONStringToken) -> Bool {
        token
            == JSONStringToken(
                raw: UnsafeRawBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), hasEscapes: false)
    }
}

extension JSONStringToken: Equatable {
    /// Whether they are the same string, by code unit.
    public static func == (some: JSONStringToken, other: JSONStringToken) -> Bool {
        guard !some.hasEscapes, !other.hasEscapes else { return some.utf8 == other.utf8 }
        guard some.raw.count == other.raw.count else { return false }
        return some.raw.isEmpty || memcmp(some.raw.baseAddress!, other.raw.baseAddress!, some.raw.count) == 0
    }
}

extension JSONStringToken {
    /// Resolves the escapes, which are known to be well formed, and returns the length: never more than the raw length.
    private func decode(into target: UnsafeMutableRawBufferPointer) -> Int {
        var from = 0
        var to = 0
        while from < raw.count {
            let byte = raw[from]
            guard byte == UInt8(ascii: "\\") else {
                target[to] = byte
                from += 1
                to += 1
                continue
            }
            let kind = raw[from + 1]
            if kind == UInt8(ascii: "u") {
                let (scalar, length) = unicodeEscape(at: from)
                for unit in UTF8.encode(scalar).unsafelyUnwrapped {
                    target[to] = unit
                    to += 1
                }
                from += length
            } else {
                target[to] = Self.character(escapedAs: kind)
                from += 2
                to += 1
            }
        }
        return to
    }

    /// The scalar of one `\uXXXX` or of a surrogate pair of them, and how many bytes the escape takes.
    private func unicodeEscape(at offset: Int) -> (Unicode.Scalar, length: Int) {
        let unit = JSONEscape.codeUnit(in: raw, at: offset + 2).unsafelyUnwrapped
        if let scalar = Unicode.Scalar(unit) { return (scalar, 6) }
        let trail = JSONEscape.codeUnit(in: raw, at: offset + 8).unsafelyUnwrapped
        let scalar = Unicode.Scalar(0x10000 + (UInt32(unit & 0x3FF) << 10 | UInt32(trail & 0x3FF)))
        return (scalar.unsafelyUnwrapped, 12)
    }

    private static func character(escapedAs kind: UInt8) -> UInt8 {
        switch kind {
        case UInt8(ascii: "b"): 0x08
        case UInt8(ascii: "f"): 0x0C
        case UInt8(ascii: "n"): 0x0A
        case UInt8(ascii: "r"): 0x0D
        case UInt8(ascii: "t"): 0x09
        default: kind
        }
    }
}
