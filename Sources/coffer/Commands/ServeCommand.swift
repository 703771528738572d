import ArgumentParser
import Logging

/// `coffer serve`: the server.
struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve", abstract: "Run the server until it is told to stop (SIGTERM or SIGINT).")

    @OptionGroup var arguments: SettingArguments

    func run() async throws {
        let settings = try Settings(await arguments.sources())
        LoggingSystem.bootstrap { settings.logFormat.handler(label: $0, level: settings.logLevel) }
        ProcessLimits.prepare()
        try await Deployment(settings).run()
    }
}

extension LogFormat {
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
