import Accounts
import Logging
import SQLCipher
import Secrets
import UserEngines

extension OfflineData {
    /// What is wrong with the pages of a user's databases and backups, by paths.
    ///
    /// What a crash has left in a log is moved into its database first, as the next opening would do.
    func contentFindings(with access: DataAccess) async throws -> [DoctorReport.Finding] {
        let logger = Logger(label: "coffer.doctor")
        let key = try await access.dataKey(in: engines)
        var findings: [DoctorReport.Finding] = []
        for path in [files.databasePath(of: access.user), files.servicePath(of: access.user)]
        where StoredFile.exists(path) {
            for problem in try Self.problems(of: path, key, logger) {
                findings.append(DoctorReport.Finding(path: relative(path), problem: problem))
            }
        }
        for backup in try await backups.backups(of: access.user) {
            for problem in try await problems(of: backup, with: access) {
                findings.append(
                    DoctorReport.Finding(path: relative(backups.path(of: backup)), problem: "backup: \(problem)"))
            }
        }
        return findings
    }

    private static func problems(of path: String, _ key: GuardedBytes, _ logger: Logger) throws -> [String] {
        do {
            try DatabaseCopy.settle(path, key: key, logger: logger)
        } catch let error as SQLiteError where error.code == .notADatabase || error.code == .corrupt {
            // Without its log the file may look sound.
            return ["its log cannot be moved into it: one of them is damaged, or under another key (\(error))"]
        }
        return try DatabaseCopy.problems(of: path, key: key, logger: logger)
    }

    private func relative(_ path: String) -> String {
        String(path.dropFirst(files.path.count + 1))
    }
}
