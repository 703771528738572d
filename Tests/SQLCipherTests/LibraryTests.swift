import CSQLCipher
import Testing

@testable import SQLCipher

@Suite struct LibraryTests {
    @Test("the linked library is SQLCipher 4 or later, and says so")
    func versions() throws {
        let versions = try SQLCipherLibrary.verify()
        #expect(versions.sqlcipher.split(separator: ".").first.flatMap { Int($0) }.map { $0 >= 4 } == true)
        #expect(versions.sqlite.hasPrefix("3."))
        #expect(versions.sqliteNumber > 3_040_000)
        #expect(try SQLCipherLibrary.verify() == versions)
    }

    @Test("allocations are not counted, for which all threads would take one lock")
    func statistics() throws {
        try SQLCipherLibrary.verify()
        #expect(sqlite3_memory_used() == 0)
    }

    @Test("a library without encryption or before version 4 is refused with the remedy")
    func refusals() {
        let missing = #expect(throws: LibraryError.self) { try SQLCipherLibrary.checkVersion(nil, sqlite: "3.40.1") }
        #expect(missing == .notSQLCipher(sqlite: "3.40.1"))
        #expect(missing?.description.contains("install SQLCipher 4") == true)
        for version in ["3.4.1", "", "unknown"] {
            let error = #expect(throws: LibraryError.self) {
                try SQLCipherLibrary.checkVersion(version, sqlite: "3.15.2")
            }
            #expect(error == .tooOld(sqlcipher: version))
        }
        #expect(throws: Never.self) { try SQLCipherLibrary.checkVersion("4.6.1 community", sqlite: "3.46.1") }
        #expect(throws: Never.self) { try SQLCipherLibrary.checkVersion("10.0.0", sqlite: "4.0.0") }
    }

    @Test(
        "the versions that can deadlock are warned of",
        arguments: [(3_050_004, false), (3_051_000, true), (3_051_001, true), (3_051_002, false)])
    func warning(number: Int, isWarned: Bool) {
        let versions = LibraryVersions(sqlcipher: "4.6.1", sqlite: "3.x", sqliteNumber: number)
        #expect((versions.warning != nil) == isWarned)
    }
}
