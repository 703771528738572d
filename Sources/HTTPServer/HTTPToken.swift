import Glibc

/// The bytes that method names and header names are made of (https://www.rfc-editor.org/rfc/rfc9110#section-5.6.2).
enum HTTPToken {
    private static let members: [Bool] = {
        var members = [Bool](repeating: false, count: 256)
        for byte in "!#$%&'*+-.^_`|~0123456789".utf8 { members[Int(byte)] = true }
        for letter in UInt8(ascii: "a")...UInt8(ascii: "z") {
            members[Int(letter)] = true
            members[Int(letter) - 32] = true
        }
        return members
    }()

    static func contains(_ byte: UInt8) -> Bool { members[Int(byte)] }
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

extension UnsafeBufferPointer<UInt8> {
    /// The bytes of a C string without its terminator.
    init(cString: UnsafePointer<CChar>) {
        self.init(start: UnsafeRawPointer(cString).assumingMemoryBound(to: UInt8.self), count: strlen(cString))
    }
}
