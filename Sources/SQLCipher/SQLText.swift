/// The little of SQL's grammar that tells whether anything follows a statement.
enum SQLText {
    /// The offset of the first byte from `start` on that is no white space, comment or semicolon; nil if there is none.
    ///
    /// Preparing the rest would tell too, but some pragmas take effect when they are prepared.
    static func firstMeaningfulByte(in sql: UnsafeBufferPointer<UInt8>, from start: Int) -> Int? {
        var index = start
        while index < sql.count {
            switch sql[index] {
            case UInt8(ascii: " "), UInt8(ascii: ";"), 0x09, 0x0a, 0x0c, 0x0d:
                index += 1
            case UInt8(ascii: "-") where index + 1 < sql.count && sql[index + 1] == UInt8(ascii: "-"):
                while index < sql.count && sql[index] != 0x0a { index += 1 }
            case UInt8(ascii: "/") where index + 1 < sql.count && sql[index + 1] == UInt8(ascii: "*"):
                index = endOfComment(in: sql, from: index + 2)
            default:
                return index
            }
        }
        return nil
    }

    /// SQLite lets a comment end with the text.
    private static func endOfComment(in sql: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
        var index = start
        while index + 1 < sql.count {
            if sql[index] == UInt8(ascii: "*") && sql[index + 1] == UInt8(ascii: "/") { return index + 2 }
            index += 1
        }
        return sql.count
    }
}
