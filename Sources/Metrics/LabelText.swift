/// Labels and other texts as the exposition shows them.
enum LabelText {
    /// The labels of a series, without braces.
    static func bytes(names: [String], values: [String]) -> [UInt8] {
        var text: [UInt8] = []
        for (name, value) in zip(names, values) {
            if !text.isEmpty { text.append(UInt8(ascii: ",")) }
            text.append(contentsOf: name.utf8)
            text.append(contentsOf: "=\"".utf8)
            text.append(contentsOf: escaped(value, quotes: true))
            text.append(UInt8(ascii: "\""))
        }
        return text
    }

    /// The text with its backslashes, its line feeds and, if wanted, its quotes escaped.
    static func escaped(_ text: String, quotes: Bool) -> [UInt8] {
        var escaped: [UInt8] = []
        escaped.reserveCapacity(text.utf8.count)
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\\"): escaped.append(contentsOf: "\\\\".utf8)
            case UInt8(ascii: "\n"): escaped.append(contentsOf: "\\n".utf8)
            case UInt8(ascii: "\"") where quotes: escaped.append(contentsOf: "\\\"".utf8)
            default: escaped.append(byte)
            }
        }
        return escaped
    }
}
