/// Compares content types (https://www.rfc-editor.org/rfc/rfc9110#section-8.3).
enum MediaType {
    /// Whether a `Content-Type` value names one of `expected`, in UTF-8 if it names a charset.
    static func matches(_ value: UnsafeRawBufferPointer, _ expected: [StaticString]) -> Bool {
        if expected.contains(where: { value.equalsIgnoringCase($0) }) { return true }
        let parts = value.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false).map(trimmed)
        guard let type = parts.first,
            expected.contains(where: { UnsafeRawBufferPointer(rebasing: type).equalsIgnoringCase($0) })
        else { return false }
        return parts.dropFirst().allSatisfy { parameter in
            guard let nameEnd = parameter.firstIndex(of: UInt8(ascii: "=")),
                parameter[..<nameEnd].equalsIgnoringCase("charset")
            else { return true }
            let charset = parameter[nameEnd...].dropFirst()
            return charset.equalsIgnoringCase("utf-8") || charset.equalsIgnoringCase("\"utf-8\"")
        }
    }

    private static func trimmed(_ bytes: Slice<UnsafeRawBufferPointer>) -> Slice<UnsafeRawBufferPointer> {
        let isSpace: (UInt8) -> Bool = { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") }
        var trimmed = bytes.drop(while: isSpace)
        while let last = trimmed.last, isSpace(last) { trimmed.removeLast() }
        return trimmed
    }
}
