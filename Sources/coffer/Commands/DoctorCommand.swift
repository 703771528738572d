import ArgumentParser
import Secrets

/// `coffer doctor`: whether a data directory is as a server leaves it.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Check a data directory: exit 0 if nothing is wrong, 1 if something is, 2 if it cannot be checked.",
        discussion: """
            Without --user it needs no key, changes nothing and may run beside a server. With --user and that user's \
            password, a line on stdin or typed, it also reads every page of their databases and backups; for that no \
            server may use the data directory.
            """)

    @Option(help: "The user whose pages are read with the password.")
    var user: String?

    @Flag(help: "Answer with a JSON object.")
    var json = false

    @OptionGroup var arguments: SettingArguments

    func run() async throws {
        try await FindingsCommand.run {
            let settings = try CommandSettings.read(arguments)
            var report = try await FileExamination.report(on: settings.dataDirectory)
            if let user {
                let password = Password(bytes: try SecretInput.read("password"))
                let found = try await OfflineData.use(
                    settings, orWithServer: "stop it to have every page read, or leave out --user"
                ) { data in
                    try await data.withAccess(to: user, password: password) { access in
                        try await data.contentFindings(with: access)
                    }
                }
                report.findings += found.filter { !report.findings.contains($0) }
                report.contentsOf = user
            }
            print(json ? report.json : report.text)
            return !report.findings.isEmpty
        }
    }
}
