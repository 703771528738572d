import Accounts
import ArgumentParser
import Backups
import Secrets
import UserEngines

/// `coffer backup verify`: whether the backups are whole, as far as that can be told without a key; with a user's
/// password every page of theirs is read.
struct BackupVerifyCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Check the backups: exit 0 if nothing is wrong, 1 if something is, 2 if they cannot be checked.",
        discussion: """
            Without --user: size, header and record of each, also while a server runs. With --user: the same of that \
            user's alone, and with the password, a line on stdin or typed, also every page. That needs the data \
            directory without a server; beside one, POST /v1/backups/{id}/verify does it.
            """)

    @Option(help: "The user whose backups are read with the password.")
    var user: String?

    @OptionGroup var arguments: SettingArguments

    func run() async throws {
        try await FindingsCommand.run {
            let settings = try CommandSettings.read(arguments)
            let files = try DataDirectory(observing: settings.dataDirectory)
            let chosen = try ChosenBackups(CatalogSurvey(path: files.catalogPath), user: user)
            var problems = chosen.backups.map { BackupShape.problems(of: $0.backup, in: files) }
            if let user {
                let contents = try await Self.contentProblems(of: chosen.backups.map(\.backup), user, settings)
                for (index, found) in contents.enumerated() where problems[index].isEmpty { problems[index] = found }
            }
            for ((name, backup), problems) in zip(chosen.backups, problems) {
                print(Self.line(name, backup.id, problems))
            }
            return problems.contains { !$0.isEmpty }
        }
    }

    /// SQLite's words for a problem have names in them that the user has chosen.
    static func line(_ name: String, _ id: BackupID, _ problems: [String]) -> String {
        "\(name)  \(id)  \(problems.isEmpty ? "ok" : "\(PrintableText(problems.joined(separator: "; ")))")"
    }

    private static func contentProblems(
        of backups: [BackupRecord], _ user: String, _ settings: Settings
    ) async throws -> [[String]] {
        let password = Password(bytes: try SecretInput.read("password"))
        return try await OfflineData.use(
            settings, orWithServer: "ask it with POST /v1/backups/{id}/verify, or stop it"
        ) { data in
            try await data.withAccess(to: user, password: password) { access in
                var problems: [[String]] = []
                for backup in backups { problems.append(try await data.problems(of: backup, with: access)) }
                return problems
            }
        }
    }
}
