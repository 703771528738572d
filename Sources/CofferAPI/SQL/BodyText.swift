import HTTPServer
import JSON
import SQLCipher

/// A string of a request's body: where it lies, or a copy if it is written with escapes.
enum BodyText: StatementText {
    case written(in: RequestBody, at: Range<Int>)
    case decoded([UInt8])

    func withUTF8Bytes<Result>(_ body: (UnsafeBufferPointer<UInt8>) throws -> Result) rethrows -> Result {
        switch self {
        case .written(let bytes, let range):
            try bytes.withUnsafeBytes { bytes in
                precondition(range.upperBound <= bytes.count, "the body was wiped while a text of it was in use")
                return try UnsafeRawBufferPointer(rebasing: bytes[range]).withMemoryRebound(to: UInt8.self, body)
            }
        case .decoded(let text): try text.withUnsafeBufferPointer(body)
        }
    }
}

extension JSONCursor {
    /// Reads a string member of the body that the cursor reads.
    mutating func text(for field: String, of body: RequestBody) throws -> BodyText {
        try expect(.string, for: field)
        let token = try readStringToken()
        return token.hasEscapes ? .decoded(token.utf8) : .written(in: body, at: range(of: token))
    }
}
