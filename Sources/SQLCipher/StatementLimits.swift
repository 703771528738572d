import CSQLCipher

/// SQLite's run-time limits on one statement. They alone bound what a single instruction of its virtual machine can
/// cost, which neither an interruption nor a deadline can stop. See https://www.sqlite.org/c3ref/c_limit_attached.html.
public struct StatementLimits: Sendable {
    /// The largest text, blob or row, in bytes.
    public var valueBytes = 16 << 20
    /// The longest SQL text, in bytes.
    public var sqlBytes = 1 << 20
    /// The most columns of a table, index, view, or result.
    public var columns = 2000
    /// The deepest expression.
    public var expressionDepth = 1000
    /// The most terms of a compound `SELECT`.
    public var compoundSelects = 500
    /// The most instructions of a compiled statement, 24 bytes each.
    public var instructions = 1_000_000
    /// The most arguments of a function.
    public var functionArguments = 127
    /// The most attached databases. `VACUUM` needs one.
    public var attachedDatabases = 0
    /// The longest pattern of `LIKE` and `GLOB`, in bytes; matching costs the product of pattern and text.
    public var patternBytes = 256
    /// The highest number of a parameter.
    public var parameters = 32_766
    /// The deepest recursion of triggers.
    public var triggerDepth = 100

    /// Makes the default limits.
    public init() {}

    func apply(to handle: OpaquePointer) {
        let limits: [(Int32, Int)] = [
            (SQLITE_LIMIT_LENGTH, valueBytes), (SQLITE_LIMIT_SQL_LENGTH, sqlBytes), (SQLITE_LIMIT_COLUMN, columns),
            (SQLITE_LIMIT_EXPR_DEPTH, expressionDepth), (SQLITE_LIMIT_COMPOUND_SELECT, compoundSelects),
            (SQLITE_LIMIT_VDBE_OP, instructions), (SQLITE_LIMIT_FUNCTION_ARG, functionArguments),
            (SQLITE_LIMIT_ATTACHED, attachedDatabases), (SQLITE_LIMIT_LIKE_PATTERN_LENGTH, patternBytes),
            (SQLITE_LIMIT_VARIABLE_NUMBER, parameters), (SQLITE_LIMIT_TRIGGER_DEPTH, triggerDepth),
            (SQLITE_LIMIT_WORKER_THREADS, 0),
        ]
        for (limit, value) in limits { sqlite3_limit(handle, limit, Int32(clamping: value)) }
    }
}
