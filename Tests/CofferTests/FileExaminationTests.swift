import Accounts
import CofferTesting
import Glibc
import Secrets
import Testing
import Timekeeping
import UserEngines

@testable import coffer

@Suite("Looking at a data directory")
struct FileExaminationTests {
    @Test("what a running server ends between two looks is no finding, and what stays is", arguments: [true, false])
    func passing(ends: Bool) async throws {
        try await withTemporaryDirectory { directory in
            let files = try DataDirectory(path: directory.file("data"))
            let time = SystemTime()
            let accounts = try await Accounts.open(
                catalogPath: files.catalogPath,
                settings: AccountSettings(
                    passwordParameters: try PasswordHash.Parameters(operations: 1, memoryBytes: 8192),
                    passwordHashesAtOnce: 1),
                activity: Activity(time: time), time: time)
            // As while a user registers: there are files, and no record yet.
            let user = UserID()
            try files.makeDirectory(of: user)
            let report = try await FileExamination.report(on: files.path) {
                if ends { rmdir(files.directory(of: user)) }
            }
            #expect(report.isServerRunning)
            #expect(report.findings.map(\.problem) == (ends ? [] : ["the catalog does not know this user"]))
            try await accounts.close()
            withExtendedLifetime(files) {}
        }
    }
}
