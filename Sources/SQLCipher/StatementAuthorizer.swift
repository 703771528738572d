/// A policy that says what the statements of a connection may do.
///
/// It is asked while a statement is prepared, and again when SQLite prepares one anew because the schema has changed;
/// a statement from the cache was asked about before. It must not use the connection.
/// See https://www.sqlite.org/c3ref/set_authorizer.html.
public protocol StatementAuthorizer: Sendable {
    /// Decides about one action. One refusal refuses the whole statement.
    func authorize(_ action: borrowing AuthorizerAction) -> AuthorizerDecision
}

/// The answer of a ``StatementAuthorizer``.
public enum AuthorizerDecision: Sendable {
    /// The action may be done.
    case allow
    /// The statement is refused with `SQLITE_AUTH`.
    case deny
    /// The action is left out: a column reads as `NULL`, a row is not deleted.
    case ignore
}
