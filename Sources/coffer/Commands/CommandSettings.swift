import ArgumentParser
import Glibc
import Logging

/// The settings of a command that works on a data directory, and what such a process needs before it begins.
enum CommandSettings {
    static func read(_ arguments: SettingArguments) throws -> Settings {
        let settings = try Settings(arguments.sources())
        // stdout is for what the command answers.
        LoggingSystem.bootstrap { label in
            var handler = StreamLogHandler.standardError(label: label)
            handler.logLevel = .warning
            return handler
        }
        ProcessLimits.prepare()
        return settings
    }
}

/// A command whose status 1 means that it has found something; errors have 2.
enum FindingsCommand {
    /// - Parameter body: says whether something was found.
    static func run(_ body: () async throws -> Bool) async throws {
        let hasFound: Bool
        do {
            hasFound = try await body()
        } catch {
            let line = "Error: \(error)\n"
            _ = write(STDERR_FILENO, line, line.utf8.count)
            throw ExitCode(2)
        }
        if hasFound { throw ExitCode(1) }
    }
}
