import SQLCipher

extension Page {
    /// Reads a part of a list.
    ///
    /// - Parameters:
    ///   - sql: gives one row more than the part may have, to know whether there are more.
    ///   - cursor: what the next part begins behind, of the last item and the number of items.
    static func read(
        _ request: PageRequest, from connection: Connection, _ sql: String, _ arguments: [Value],
        cursor: (Item, Int) -> Int64, _ item: ([Value]) throws -> Item
    ) throws -> Page {
        try connection.withStatement(sql) { statement in
            try statement.bind(.positional(ValueList(arguments)))
            var page = Page(items: [], next: nil)
            var bytes = 0
            while try statement.step() {
                bytes += (0..<statement.columnCount).reduce(0) { $0 + statement.columnByteCount($1) }
                if let last = page.items.last, page.items.count == request.limit || bytes > request.maximumBytes {
                    page.next = cursor(last, page.items.count)
                    break
                }
                page.items.append(try item(try statement.row()))
            }
            return page
        }
    }
}
