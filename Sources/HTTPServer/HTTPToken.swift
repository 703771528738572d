import Glibc

/// The bytes that method names and header names are made of (https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2).
enum HTTPToken {
    static func contains(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"),
            UInt8(ascii: "#")...UInt8(ascii: "'"), UInt8(ascii: "^")...UInt8(ascii: "`"),
            UInt8(ascii: "!"), UInt8(ascii: "*"), UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: "|"), UInt8(ascii: "~"):
            true
        default: false
        }
    }
}

extension UInt8 {
    /// The byte with ASCII letters in lower case.
    var asciiLowercased: UInt8 {
        self >= UInt8(ascii: "A") && self <= UInt8(ascii: "Z") ? self | 0x20 : self
    }
}

extension Sequence<UInt8> {
    /// Whether the bytes are those of `text`, letters compared without their case.
    func equalsIgnoringCase(_ text: String) -> Bool {
        elementsEqual(text.utf8) { $0.asciiLowercased == $1.asciiLowercased }
    }
}

extension UnsafeRawBufferPointer {
    /// Whether the bytes are those of `text`, ASCII letters compared without their case.
    func equalsIgnoringCase(_ text: StaticString) -> Bool {
        guard count == text.utf8CodeUnitCount else { return false }
        for index in 0..<count where self[index].asciiLowercased != text.utf8Start[index].asciiLowercased {
            return false
        }
        return true
    }
}

extension UnsafeBufferPointer<UInt8> {
    /// The bytes of a C string without its terminator.
    init(cString: UnsafePointer<CChar>) {
        self.init(start: UnsafeRawPointer(cString).assumingMemoryBound(to: UInt8.self), count: strlen(cString))
    }
}
