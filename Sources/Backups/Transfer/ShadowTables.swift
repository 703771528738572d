/// The names of the tables in which virtual tables keep what they hold.
///
/// `PRAGMA table_list` tells them too, but compiles every view for it, which a few views can make last for hours.
enum ShadowTables {
    /// What follows the name of the virtual table, of all modules that make such tables:
    /// https://www.sqlite.org/fts3.html#shadow_tables, https://www.sqlite.org/fts5.html#fts5_data_structures,
    /// https://www.sqlite.org/rtree.html#shadow_tables.
    private static let endings: Set<[UInt8]> = Set(
        [
            "config", "content", "data", "docsize", "idx", "segdir", "segments", "stat", "node", "parent", "rowid",
        ].map { Array($0.utf8) })

    /// A name as SQLite compares it: by its bytes, without regard to the case of the Latin letters.
    static func key(of name: some StringProtocol) -> [UInt8] { name.utf8.map(\.lowercased) }

    /// Whether a table has a name that belongs to one of the virtual tables with the keys `owners`. With the name of a
    /// table that its module does not make it may be one like any other.
    static func canBeOne(_ name: String, ofOneOf owners: Set<[UInt8]>) -> Bool {
        let name = key(of: name)
        guard let mark = name.lastIndex(of: UInt8(ascii: "_")) else { return false }
        return owners.contains(Array(name[..<mark])) && endings.contains(Array(name[(mark + 1)...]))
    }
}

extension UInt8 {
    /// The small letter of a Latin capital.
    var lowercased: UInt8 {
        (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(self) ? self | 0x20 : self
    }
}
