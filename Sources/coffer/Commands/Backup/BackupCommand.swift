import ArgumentParser

/// `coffer backup`: the backups of all users, for an operator.
struct BackupCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "backup", abstract: "List, check and thin out the backups in a data directory.",
        subcommands: [BackupListCommand.self, BackupVerifyCommand.self, BackupPruneCommand.self])
}
