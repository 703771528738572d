import SQLCipher
import Testing
import Timekeeping

@Suite struct ArgumentTests {
    @Test("positional values go by the parameters' indexes")
    func positional() throws {
        try withConnection { connection throws in
            #expect(try connection.firstRow("SELECT ?2, ?1, :a", [1, 2, 3]) == [2, 1, 3])
            #expect(try connection.firstRow("SELECT ?, ?", ["a", "b"]) == ["a", "b"])
        }
    }

    @Test("any number of positional values keep their order, whatever kinds follow each other", arguments: 0...7, 0...7)
    func many(count: Int, firstText: Int) throws {
        try withConnection { connection throws in
            let kinds: [Value] = [7, nil, -1.5, .integer(.min), .blob([1]), 9, 0.25]
            let values = (0..<count).map { $0 == firstText ? "text" : kinds[$0] }
            var list = ValueList()
            for value in values { list.append(value) }
            #expect(list.count == count)
            #expect(Array(list) == values)
            #expect(Array(ValueList(values)) == values)
            let sql = "SELECT 'row'" + (0..<count).map { ", ?\($0 + 1)" }.joined()
            #expect(try connection.firstRow(sql, .positional(list)) == ["row"] + values)
        }
    }

    @Test("named values go by name, with and without the prefix", arguments: [":", "@", "$"])
    func named(prefix: String) throws {
        try withConnection { connection throws in
            let sql = "SELECT \(prefix)a, \(prefix)b, \(prefix)a"
            #expect(try connection.firstRow(sql, ["b": 2, "a": 1]) == [1, 2, 1])
            #expect(try connection.firstRow(sql, ["\(prefix)b": 2, "\(prefix)a": 1]) == [1, 2, 1])
        }
    }

    @Test("a name without prefix stands for all parameters of that name, one with a prefix for its own")
    func prefixes() throws {
        try withConnection { connection throws in
            #expect(try connection.firstRow("SELECT :a, @a, $a", ["a": 1]) == [1, 1, 1])
            #expect(try connection.firstRow("SELECT :a, @a", [":a": 1, "@a": 2]) == [1, 2])
        }
    }

    @Test("numbered parameters can be named with their question mark")
    func numbered() throws {
        try withConnection { connection throws in
            #expect(try connection.firstRow("SELECT ?1, ?2", ["?2": 2, "?1": 1]) == [1, 2])
        }
    }

    @Test(
        "values that do not fit have an error of their own",
        arguments: [
            ("SELECT ?", Arguments.positional([1, 2]), ArgumentError.tooMany(expected: 1, given: 2)),
            ("SELECT 1", .positional([1]), .tooMany(expected: 0, given: 1)),
            ("SELECT ?, ?", .positional([1]), .tooFew(expected: 2, given: 1)),
            ("SELECT ?3", .positional([1]), .tooFew(expected: 3, given: 1)),
            ("SELECT :a", .none, .tooFew(expected: 1, given: 0)),
            ("SELECT :a", .named([("b", 1)]), .unknownName("b")),
            ("SELECT :a", .named([("@a", 1)]), .unknownName("@a")),
            ("SELECT :a", .named([("", 1)]), .unknownName("")),
            ("SELECT :a", .named([("a\u{0}", 1)]), .unknownName("a\u{0}")),
            ("SELECT :a", .named([("a", 1), ("a", 2)]), .duplicateName("a")),
            ("SELECT :a", .named([("a", 1), (":a", 2)]), .duplicateName(":a")),
            ("SELECT :a, @b", .named([("a", 1)]), .missing("@b")),
            ("SELECT :a, ?", .named([("a", 1)]), .missing("?2")),
            ("SELECT :a", .named([]), .missing(":a")),
        ] as [(String, Arguments, ArgumentError)])
    func mismatch(sql: String, arguments: Arguments, expected: ArgumentError) throws {
        try withConnection { connection throws in
            #expect(throws: expected) { try connection.firstRow(sql, arguments) }
        }
    }

    /// Twenty parameters `:p0`, `@p1`, `$p2`, `:p3` …, to which `more` is added.
    private func many(_ more: String) -> (sql: String, arguments: [(name: String, value: Value)]) {
        let prefixes = [":", "@", "$"]
        let names = (0..<20).map { prefixes[$0 % 3] + "p\($0)" }
        return (
            "SELECT \(names.joined(separator: ","))\(more)",
            (0..<20).reversed().map { (name: "p\($0)", value: .integer(Int64($0))) }
        )
    }

    @Test("many names follow the rules of a few")
    func manyNames() throws {
        try withConnection { connection throws in
            let (sql, arguments) = many(", :a, @a, $a, ?24, :\u{E9}, :e\u{301}, :p0")
            let row = try connection.firstRow(
                sql, .named(arguments + [("a", 100), ("?24", 101), ("\u{E9}", 102), (":e\u{301}", 103)]))
            #expect(row == (0..<20).map { .integer($0) } + [100, 100, 100, 101, 102, 103, 0])
        }
    }

    @Test(
        "many names that do not fit have the errors of a few",
        arguments: [
            ("", [("b", 1)], .unknownName("b")), ("", [("", 1)], .unknownName("")),
            ("", [("p0\u{0}", 1)], .unknownName("p0\u{0}")), ("", [("@p0", 1)], .unknownName("@p0")),
            ("", [("p0", 1)], .duplicateName("p0")), ("", [(":p0", 1)], .duplicateName(":p0")),
            (", @b", [], .missing("@b")), (", ?", [], .missing("?21")), (", ?21", [], .missing("?21")),
            (", :e\u{301}", [("\u{E9}", 1)], .unknownName("\u{E9}")),
        ] as [(String, [(name: String, value: Value)], ArgumentError)])
    func manyMismatches(more: String, extra: [(name: String, value: Value)], expected: ArgumentError) throws {
        try withConnection { connection throws in
            let (sql, arguments) = many(more)
            #expect(throws: expected) { try connection.firstRow(sql, .named(arguments + extra)) }
        }
    }

    @Test("twenty thousand names are bound, unless the connection is interrupted or out of time")
    func thousandsOfNames() throws {
        try withConnection { connection throws in
            let count = 20_000
            let rows = (0..<count).map { "(:p\($0))" }.joined(separator: ",")
            let arguments = Arguments.named((0..<count).map { ("p\($0)", .integer(Int64($0))) })
            try connection.withStatement("VALUES \(rows)") { statement throws in
                try statement.bind(arguments)
                var expected: Int64 = 0
                while try statement.step() {
                    #expect(try statement.row() == [.integer(expected)])
                    expected += 1
                }
                #expect(expected == Int64(count))
                connection.limit(until: SystemTime().now)
                let late = #expect(throws: SQLiteError.self) { try statement.bind(arguments) }
                #expect(late?.interruption == .deadline)
                connection.interrupt()
                let stopped = #expect(throws: SQLiteError.self) { try statement.bind(arguments) }
                #expect(stopped?.interruption == .requested)
                connection.clearLimit()
                try statement.bind(arguments)
            }
        }
    }

    @Test("a statement without parameters takes no values, named or not")
    func noParameters() throws {
        try withConnection { connection throws in
            #expect(try connection.value("SELECT 1", .none) == 1)
            #expect(try connection.value("SELECT 1", .named([])) == 1)
        }
    }

    @Test("values bound before do not reach the next use of the same statement")
    func clearedBindings() throws {
        try withConnection { connection throws in
            #expect(try connection.value("SELECT ?1", [5]) == 5)
            try connection.withStatement("SELECT ?1") { statement throws in
                #expect(try statement.step())
                #expect(try statement.row() == [.null])
            }
        }
    }

    @Test("binding rewinds a statement that has run")
    func rebinding() throws {
        try withConnection { connection throws in
            try connection.withStatement("SELECT ?1") { statement throws in
                for value in [1, 2] as [Value] {
                    try statement.bind([value])
                    #expect(try statement.step())
                    #expect(try statement.row() == [value])
                }
            }
        }
    }

    @Test("an index that no parameter has is out of range")
    func range() throws {
        try withConnection { connection throws in
            try connection.withStatement("SELECT ?1") { statement throws in
                for index in [0, 2, -1, Int.max] {
                    let error = #expect(throws: SQLiteError.self) { try statement.bind(1, at: index) }
                    #expect(error?.code == .range)
                }
            }
        }
    }
}
