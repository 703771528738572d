import Accounts
import ArgumentParser
import Backups
import Glibc
import Secrets

/// `coffer export`: a user's database out of a data directory, with their password.
struct ExportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export", abstract: "Write a user's database to a file, with their password.",
        discussion: """
            The password is a line on stdin, or typed; for the format sqlcipher the passphrase of the new file is the \
            next line. Needs the data directory without a server; beside one, GET /v1/export does it.
            """)

    enum Format: String, ExpressibleByArgument, CaseIterable {
        case sqlcipher
        case sqlite
        case sql
    }

    @Option(help: "The user's name.")
    var user: String

    @Option(help: "sqlcipher: encrypted under a passphrase; sqlite: plain; sql: plain, as SQL text.")
    var format: Format

    @Option(help: "The file to write, mode 0600.")
    var output: String

    @Flag(help: "Replace the file if there is one.")
    var force = false

    @OptionGroup var arguments: SettingArguments

    func run() async throws {
        let settings = try CommandSettings.read(arguments)
        let file = try OutputFile(output, replaces: force)
        let password = Password(bytes: try SecretInput.read("password"))
        let passphrase = format == .sqlcipher ? try SecretInput.read("passphrase of the new file") : nil
        try await OfflineData.use(settings, orWithServer: "ask it with GET /v1/export, or stop it") { data in
            try await data.withAccess(to: user, password: password) { access in
                try await Self.write(format, passphrase, of: data.backups, with: access, to: file)
            }
        }
        try file.complete()
    }

    private static func write(
        _ format: Format, _ passphrase: GuardedBytes?, of backups: Backups, with access: DataAccess, to file: OutputFile
    ) async throws {
        switch (format, passphrase) {
        case (.sqlcipher, let passphrase?):
            let export = try await backups.exportEncrypted(with: access, passphrase: passphrase)
            guard let descriptor = export.takeDescriptor() else { throw CommandError("the export has been taken") }
            defer { close(descriptor) }
            try file.write(contentOf: descriptor)
        case (.sqlcipher, nil):
            throw CommandError("no passphrase of the new file")
        case (.sqlite, _):
            try await backups.exportPlain(with: access).write { try file.write($0) }
        case (.sql, _):
            try await backups.exportText(with: access).write { try file.write($0) }
        }
    }
}
