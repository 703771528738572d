/// The values for a statement's parameters. See https://www.sqlite.org/lang_expr.html#varparam.
public enum Arguments: Sendable {
    /// One value for each parameter, in the order of their indexes.
    case positional(ValueList)

    /// Values by name, in any order. A name may be given with its prefix (`:a`, `@a`, `$a`, also `?1`) or without, then
    /// it stands for `:a`, `@a` and `$a` alike.
    case named([(name: String, value: Value)])

    /// No values, for a statement without parameters.
    public static var none: Arguments { .positional(ValueList()) }
}

extension Arguments: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
    /// Positional values.
    public init(arrayLiteral elements: Value...) { self = .positional(ValueList(elements)) }

    /// Named values.
    public init(dictionaryLiteral elements: (String, Value)...) {
        self = .named(elements.map { (name: $0.0, value: $0.1) })
    }
}

/// Why values do not fit a statement's parameters. Names appear, values never.
public enum ArgumentError: Error, Hashable, Sendable {
    /// More values than parameters.
    case tooMany(expected: Int, given: Int)
    /// Fewer positional values than parameters.
    case tooFew(expected: Int, given: Int)
    /// A name that is no parameter of the statement.
    case unknownName(String)
    /// Two values for one parameter.
    case duplicateName(String)
    /// No value for a parameter, by its name as the statement has it, or `?` and its index where it has none.
    case missing(String)
}
