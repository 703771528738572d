/// Why a text is not the one statement that was asked for.
public enum StatementError: Error, Hashable, Sendable {
    /// Nothing but white space, comments and semicolons.
    case empty
    /// Something follows the first statement; `offset` is where, in bytes.
    case multiple(offset: Int)
    /// U+0000 at `offset`, in bytes. SQLite would take it for the end of the text.
    case nulCharacter(offset: Int)
}
