import Glibc

extension UnsafeRawBufferPointer {
    /// How often the bytes of `part`, which must not be empty, occur in these.
    public func count(of part: [UInt8]) -> Int {
        precondition(!part.isEmpty, "nothing is in everything")
        guard let baseAddress, count >= part.count else { return 0 }
        let end = baseAddress + (count - part.count + 1)
        var (position, found) = (baseAddress, 0)
        while let start = memchr(position, Int32(part[0]), end - position) {
            if memcmp(start, part, part.count) == 0 { found += 1 }
            position = UnsafeRawPointer(start) + 1
        }
        return found
    }
}

extension [UInt8] {
    /// Whether the UTF-8 bytes of a text, which must not be empty, occur anywhere in these.
    public func contains(textOf text: String) -> Bool {
        withUnsafeBytes { $0.count(of: Array(text.utf8)) > 0 }
    }
}
