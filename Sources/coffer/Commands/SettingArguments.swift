import ArgumentParser
import Glibc

/// The options of every command that reads the server's settings.
struct SettingArguments: ParsableArguments {
    @Option(help: ArgumentHelp("JSON object of settings, below flags and environment.", valueName: "file"))
    var config: String?

    @Argument(
        parsing: .allUnrecognized,
        help: ArgumentHelp("Settings as flags, such as --port 0; `coffer config` lists them.", valueName: "settings"))
    var settings: [String] = []

    /// Every source of settings, checked for names that are none.
    func sources() throws -> SettingSources {
        try SettingSources(
            names: SettingName.all, arguments: settings, environment: ProcessEnvironment.variables,
            configurationFile: config)
    }
}

/// The environment of this process.
enum ProcessEnvironment {
    static var variables: [String: String] {
        var variables: [String: String] = [:]
        var entry = environ
        while let text = entry.pointee {
            let parts = String(cString: text).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            if parts.count == 2 { variables[String(parts[0])] = String(parts[1]) }
            entry += 1
        }
        return variables
    }
}
