import Accounts
import UserEngines

extension Backups {
    /// Removes what a server that was killed has left half done.
    ///
    /// A `.partial` is nothing yet, and its backup's record, if there is one, goes with it. A file that is the very
    /// file of the database was about to become part of a safety backup when the restore ended. A backup file without a
    /// record is left alone: the catalog may be the older one of the two. What cannot be removed stays, and is logged:
    /// it is in the way of its user at most.
    ///
    /// Nobody is served before the last directory has been looked into, so all workers share the users.
    func removeLeftovers() async throws {
        let users = await Task(executorPreference: workers) { [files] in files.users() }.value
        let share = users.count / configuration.atOnce + 1
        try await withThrowingTaskGroup { group in
            for start in stride(from: 0, to: users.count, by: share) {
                group.addTask(executorPreference: workers) { [self] in
                    for user in users[start..<min(start + share, users.count)] { try await removeLeftovers(of: user) }
                }
            }
            try await group.waitForAll()
        }
    }

    private func removeLeftovers(of user: UserID) async throws {
        let userDirectory = files.directory(of: user)
        let names = StoredFile.names(in: userDirectory)
        for name in names where StoredFile.isPartial(name) { removeOrLog("\(userDirectory)/\(name)") }
        guard names.contains(DataDirectory.backupDirectoryName) else { return }
        let directory = files.backupDirectory(of: user)
        for name in StoredFile.names(in: directory) {
            let path = "\(directory)/\(name)"
            if StoredFile.isPartial(name) || StoredFile.isSame(path, files.databasePath(of: user)) {
                try await removeLeftover(name, in: directory, of: user)
            } else if StoredFile.isSame(path, files.servicePath(of: user)) {
                removeOrLog(path)
            }
        }
    }

    /// The record first: a file that is still there is found by the next start, a record is not.
    private func removeLeftover(_ name: String, in directory: String, of user: UserID) async throws {
        logger.notice("an unfinished backup is removed", metadata: ["user": "\(user)", "file": "\(name)"])
        guard let id = BackupFiles.id(ofFile: name) else { return removeOrLog("\(directory)/\(name)") }
        try await accounts.deleteBackup(id, of: user)
        for other in StoredFile.names(in: directory) where BackupFiles.id(ofFile: other) == id {
            removeOrLog("\(directory)/\(other)")
        }
    }

    private func removeOrLog(_ path: String) {
        do {
            try StoredFile.remove(path)
        } catch {
            logger.error(
                "what was left half done cannot be removed", metadata: ["path": "\(path)", "error": "\(error)"])
        }
    }
}
