import ArgumentParser

/// `coffer health`: whether a server is ready, for container health checks.
struct HealthCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "health", abstract: "Ask a running server whether it is ready; exit 0 if so, else 1.")

    @Option(help: "What to ask; by default the server of these settings on this machine.")
    var url: String?

    @Option(help: "Seconds to wait for an answer.")
    var timeout: Int = 3

    @OptionGroup var arguments: SettingArguments

    func validate() throws {
        // A socket takes 0 for no limit.
        guard timeout >= 1 else { throw ValidationError("--timeout must be at least 1 second") }
    }

    func run() async throws {
        let target = try target()
        do {
            let status = try HealthProbe.status(of: target, timeoutSeconds: timeout)
            print(status == 200 ? "ready" : "not ready: status \(status)")
            if status != 200 { throw ExitCode(1) }
        } catch let error as HealthProbe.Unreachable {
            print("not ready: \(error.reason)")
            throw ExitCode(1)
        }
    }

    private func target() throws -> HealthProbe.Target {
        if let url {
            if let target = HealthProbe.Target(url: url) { return target }
            throw ValidationError("--url must look like http://127.0.0.1:8080/health/ready")
        }
        let sources = try arguments.sources()
        return HealthProbe.Target(
            host: HealthProbe.reachable(try sources.value(.host)), port: try sources.value(.port),
            path: "/health/ready")
    }
}
