import ArgumentParser

/// `coffer config`: the effective settings with their origin.
struct ConfigCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "config", abstract: "Show the effective settings and where each comes from.")

    @OptionGroup var arguments: SettingArguments

    func run() async throws {
        let sources = try arguments.sources()
        _ = try Settings(sources)
        let width = SettingName.all.map(\.variable.count).max() ?? 0
        for name in SettingName.all {
            let (text, origin) = try sources.text(name)
            let shown = text.isEmpty ? "(none)" : name.isSecret ? "<redacted>" : text
            let columns = [padded(name.variable, width), padded(shown, 12), padded(origin.rawValue, 11), name.summary]
            print(columns.joined(separator: "  "))
        }
    }

    private func padded(_ text: String, _ width: Int) -> String {
        text + String(repeating: " ", count: max(0, width - text.count))
    }
}
