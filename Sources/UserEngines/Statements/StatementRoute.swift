import SQLCipher

/// Which connection a statement is tried on first, judged by its first word.
///
/// The word only chooses where to prepare: a `WITH` that turns out to write is found by SQLite itself on the reader
/// and goes to the writer then.
enum StatementRoute: Equatable {
    case reader
    case writer

    init(_ sql: some StatementText) {
        self = sql.withUTF8Bytes { StatementRoute(utf8: $0) }
    }

    init(utf8 sql: UnsafeBufferPointer<UInt8>) {
        let word = sql[Self.startOfFirstWord(sql)...]
        self = Self.readingWords.contains { Self.isPrefix($0, of: word) } ? .reader : .writer
    }

    private static let readingWords: [StaticString] = ["SELECT", "VALUES", "WITH", "EXPLAIN"]
    private static let changingWords: [StaticString] = ["INSERT", "UPDATE", "DELETE", "REPLACE", "WITH"]

    /// Whether a statement for the writer begins like one that changes rows and does nothing else.
    static func changesRows(_ sql: some StatementText) -> Bool {
        sql.withUTF8Bytes { sql in
            let word = sql[startOfFirstWord(sql)...]
            return changingWords.contains { isPrefix($0, of: word) }
        }
    }

    /// Skips white space and comments, as SQLite's tokenizer does (https://www.sqlite.org/lang_comment.html).
    private static func startOfFirstWord(_ sql: UnsafeBufferPointer<UInt8>) -> Int {
        var position = 0
        while position < sql.count {
            let next = position + 1 < sql.count ? sql[position + 1] : 0
            switch sql[position] {
            case UInt8(ascii: " "), UInt8(ascii: "\t"), UInt8(ascii: "\n"), 0x0C, UInt8(ascii: "\r"):
                position += 1
            case UInt8(ascii: "-") where next == UInt8(ascii: "-"):
                while position < sql.count, sql[position] != UInt8(ascii: "\n") { position += 1 }
            case UInt8(ascii: "/") where next == UInt8(ascii: "*"):
                position += 2
                while position < sql.count {
                    if sql[position] == UInt8(ascii: "*"), position + 1 < sql.count,
                        sql[position + 1] == UInt8(ascii: "/")
                    {
                        break
                    }
                    position += 1
                }
                position = min(position + 2, sql.count)
            default:
                return position
            }
        }
        return position
    }

    private static func isPrefix(_ word: StaticString, of text: Slice<UnsafeBufferPointer<UInt8>>) -> Bool {
        let length = word.utf8CodeUnitCount
        guard text.count >= length else { return false }
        let start = text.startIndex
        for offset in 0..<length where text[start + offset] & 0xDF != word.utf8Start[offset] { return false }
        return text.count == length || !isWordByte(text[start + length])
    }

    private static func isWordByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "$"), 0x80...:
            true
        default: false
        }
    }
}
