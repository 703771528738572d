/// The SQL functions whose call takes no longer than reading its arguments does.
///
/// A call is one instruction, within which SQLite asks no progress handler, and some make much out of little:
/// `zeroblob`, `replace`, `printf`, `group_concat`; others, `instr` and `trim`, take the product of two lengths. A
/// function that is not listed counts as one of those.
/// See https://www.sqlite.org/lang_corefunc.html, https://www.sqlite.org/lang_aggfunc.html.
enum BoundedFunctions {
    static func contains(_ name: String) -> Bool { names.contains(name) }

    private static let names: Set<String> = [
        "abs", "avg", "changes", "coalesce", "count", "date", "datetime", "ifnull", "iif", "julianday",
        "last_insert_rowid", "length", "lower", "max", "min", "nullif", "octet_length", "round", "sign", "strftime",
        "substr", "substring", "sum", "time", "total", "total_changes", "typeof", "unixepoch", "upper",
    ]
}
