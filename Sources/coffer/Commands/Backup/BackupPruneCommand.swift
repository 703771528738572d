import Accounts
import ArgumentParser
import UserEngines

/// `coffer backup prune`: applies the retention of the settings now.
struct BackupPruneCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "prune",
        abstract: "Remove the backups that COFFER_BACKUP_KEEP and COFFER_BACKUP_MAX_AGE no longer cover.",
        discussion: "Needs the data directory without a server, which itself does it with each new backup of a user.")

    @Option(help: "Only those of the user of this name.")
    var user: String?

    @OptionGroup var arguments: SettingArguments

    func run() async throws {
        let settings = try CommandSettings.read(arguments)
        try await OfflineData.use(
            settings, orWithServer: "it does that with each new backup of a user; stop it to do it now"
        ) { data in
            let catalog = try CatalogSurvey(path: data.files.catalogPath)
            var users = catalog.users
            if let user {
                guard let chosen = catalog.user(named: user) else { throw CommandError("there is no user '\(user)'") }
                users = [chosen]
            }
            for user in users {
                for backup in try await data.backups.removeExpired(of: user.id) {
                    print("\(user.username)  \(backup.id)  \(backup.created.iso8601)  removed")
                }
            }
        }
    }
}
