import Accounts
import ConnectionPool
import Glibc
import SQLCipher
import Testing
import UserEngines

@testable import CofferAPI

@Suite("What is logged of an error")
struct ErrorLogTests {
    private struct Unknown: Error {
        let text = "SQUEAMISH"
    }

    private static let sqlite = SQLiteError(SQLiteCode(rawValue: 266), message: "near \"SQUEAMISH\"")

    @Test(
        "an operator finds the code and the cause, and nothing of SQL or of an unknown error",
        arguments: [
            (sqlite, "SQLITE_IOERR_READ"),
            (PoolError.openFailed(sqlite), "open_failed: SQLITE_IOERR_READ"),
            (PoolError.openFailed(Unknown()), "open_failed: Unknown"),
            (PoolError.openFailed(EngineError.unavailable), "open_failed: engine_unavailable"),
            (
                PoolError.timeout(PoolOccupancy(), lastOpenError: sqlite),
                "pool_timeout (\(PoolOccupancy())); last open: SQLITE_IOERR_READ"
            ),
            (PoolError.timeout(PoolOccupancy(), lastOpenError: nil), "pool_timeout (\(PoolOccupancy()))"),
            (PoolError.closed, "pool_closed"),
            (StatementFailure(index: 3, cause: sqlite), "statement 3: SQLITE_IOERR_READ"),
            (StatementFailure(index: 0, cause: Unknown()), "statement 0: Unknown"),
            (EngineError.descriptorBudget, "descriptor_budget"),
            (
                DataDirectoryError.unreadableVersion(path: "/data/version"),
                DataDirectoryError.unreadableVersion(path: "/data/version").description
            ),
            (DownloadError(errno: EACCES), "a file cannot be read: Permission denied"),
            (CatalogError.erasureIncomplete, CatalogError.erasureIncomplete.description),
            (Unknown(), nil),
        ] as [(any Error, String?)])
    func text(error: any Error, expected: String?) {
        #expect(CofferAPI.logText(for: error) == expected)
    }
}
