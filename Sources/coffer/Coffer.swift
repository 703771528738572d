import ArgumentParser

/// The command line.
@main
struct Coffer: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "coffer",
        abstract: "An HTTP microservice that gives every user their own encrypted SQLite database.",
        version: BuildInfo.version,
        subcommands: [
            ServeCommand.self, HealthCommand.self, ConfigCommand.self, BackupCommand.self, DoctorCommand.self,
            ExportCommand.self,
        ])
}

/// What this build is.
enum BuildInfo {
    static let version = "0.1.0"
}
