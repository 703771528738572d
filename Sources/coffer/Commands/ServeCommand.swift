import ArgumentParser
import Logging

/// `coffer serve`: the server.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the server until it is told to stop (SIGTERM or SIGINT).")

    @OptionGroup var arguments: SettingArguments

    func run() async throws {
        do {
            let settings = try Settings(arguments.sources())
            LoggingSystem.bootstrap { settings.logFormat.handler(label: $0, level: settings.logLevel) }
            ProcessLimits.prepare()
            try await Deployment(settings).run()
        } catch {
            guard format() == .json else { throw error }
            LogFormat.json.write("\(error)", level: .critical)
            throw ExitCode.failure
        }
    }

    /// The form of the lines, also if other settings are bad. If even their sources are, the environment says it, where
    /// a container's settings are.
    private func format() -> LogFormat {
        if let sources = try? arguments.sources(), let format = try? sources.value(.logFormat) { return format }
        return ProcessEnvironment.variables[Setting.logFormat.name.variable].flatMap(LogFormat.init) ?? .text
    }
}

extension LogFormat {
    /// Writes a line whatever level is logged: as it is for people to stdout, or as one of the log's objects.
    func write(_ line: String, level: Logger.Level, _ metadata: Logger.Metadata = [:]) {
        switch self {
        case .text: StandardOutput.write(line: line.utf8)
        case .json:
            Logger(label: "coffer") { JSONLogHandler(label: $0, level: .trace) }
                .log(level: level, "\(line)", metadata: metadata)
        }
    }

    fileprivate func handler(label: String, level: Logger.Level) -> any LogHandler {
        switch self {
        case .json:
            return JSONLogHandler(label: label, level: level)
        case .text:
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = level
            return handler
        }
    }
}
