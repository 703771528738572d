import Glibc

extension [UInt8] {
    /// Whether the UTF-8 bytes of a text, which must not be empty, occur anywhere in these.
    public func contains(textOf text: String) -> Bool {
        let part = Array(text.utf8)
        precondition(!part.isEmpty, "the empty text is in everything")
        return withUnsafeBytes { bytes in
            var rest = bytes[...]
            while rest.count >= part.count, let start = memchr(rest.base.baseAddress! + rest.startIndex, Int32(part[0]), rest.count) {
                let index = UnsafeRawPointer(start) - bytes.baseAddress!
                if bytes.count - index >= part.count && memcmp(start, part, part.count) == 0 { return true }
                rest = bytes[(index + 1)...]
            }
            return false
        }
    }
}
