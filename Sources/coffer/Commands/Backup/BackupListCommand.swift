import Accounts
import ArgumentParser
import Backups
import Timekeeping
import UserEngines

/// `coffer backup list`: what there is. Needs no key, and may run beside a server.
struct BackupListCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "list", abstract: "List the backups; also while a server runs.")

    @Option(help: "Only those of the user of this name.")
    var user: String?

    @OptionGroup var arguments: SettingArguments

    func run() async throws {
        let settings = try CommandSettings.read(arguments)
        let files = try DataDirectory(observing: settings.dataDirectory)
        let chosen = try ChosenBackups(CatalogSurvey(path: files.catalogPath), user: user)
        print(Self.header)
        for (name, backup) in chosen.backups { print(Self.line(name, backup, in: files)) }
    }

    private static let header = "user  id  time  kind  bytes  state  label"

    private static func line(_ name: String, _ backup: BackupRecord, in files: DataDirectory) -> String {
        let state =
            if BackupShape.problems(of: backup, in: files).isEmpty {
                "ok"
            } else if StoredFile.exists(
                BackupShape.path(of: backup, in: files))
            { "damaged" } else { "missing" }
        return [
            name, "\(backup.id)", backup.created.iso8601, backup.kind.rawValue, "\(backup.bytes)", state,
            backup.label.map(PrintableText.init)?.description ?? "-",
        ].joined(separator: "  ")
    }
}

/// The backups that a command is about, each with the name of its user.
struct ChosenBackups {
    let backups: [(name: String, backup: BackupRecord)]

    /// - Throws: ``CommandError`` if there is no user of that name.
    init(_ catalog: CatalogSurvey, user name: String?) throws {
        if let name {
            guard let user = catalog.user(named: name) else { throw CommandError("there is no user '\(name)'") }
            backups = catalog.backups.filter { $0.userID == user.id }.map { (user.username, $0) }
        } else {
            let names = Dictionary(catalog.users.map { ($0.id, $0.username) }) { first, _ in first }
            backups = catalog.backups.map { (names[$0.userID] ?? "\($0.userID)", $0) }
        }
    }
}

/// Text of a stranger's that cannot steer a terminal.
struct PrintableText: CustomStringConvertible {
    let description: String

    init(_ text: String) {
        description = String(
            String.UnicodeScalarView(text.unicodeScalars.map { $0.properties.generalCategory.isSafe ? $0 : "\u{FFFD}" })
        )
    }
}

extension Unicode.GeneralCategory {
    /// Not one that a terminal acts on, or that turns the direction of the text.
    fileprivate var isSafe: Bool {
        switch self {
        case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned: false
        default: true
        }
    }
}
