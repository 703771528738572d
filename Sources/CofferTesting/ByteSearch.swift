import Glibc

extension [UInt8] {
    /// Whether the UTF-8 bytes of a text, which must not be empty, occur anywhere in these.
    public func contains(textOf text: String) -> Bool {
        let part = Array(text.utf8)
        precondition(!part.isEmpty, "the empty text is in everything")
        return withUnsafeBytes { bytes in
            var position = 0
            while position + part.count <= bytes.count {
                let rest = bytes.baseAddress! + position
                guard let start = memchr(rest, Int32(part[0]), bytes.count - position) else { return false }
                position = UnsafeRawPointer(start) - bytes.baseAddress! + 1
                if bytes.count - position >= part.count - 1 && memcmp(start, part, part.count) == 0 { return true }
            }
            return false
        }
    }
}
