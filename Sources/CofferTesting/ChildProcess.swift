import Glibc
import Synchronization

/// A program that a test started, with an environment of its own and its output in files.
///
/// Output goes to files, so that no full pipe can stop the program.
public final class ChildProcess: Sendable {
    /// How a program ended.
    public enum Ending: Equatable, Sendable {
        /// By itself, with this status.
        case exit(Int32)
        /// By this signal.
        case signal(Int32)
    }

    /// What a program that ran to its end has left.
    public struct Outcome: Sendable {
        /// How it ended.
        public let ending: Ending
        /// What it wrote to stdout.
        public let output: String
        /// What it wrote to stderr.
        public let errors: String
    }

    /// Its number. Another process's, once this one is known to have ended.
    public let id: pid_t
    /// How it ended, once that has been asked for: from then on the id may be another process's, and is not used.
    private let ending = Mutex<Ending?>(nil)
    private let outputPath: String
    private let errorPath: String

    /// Starts a program. `directory` is where it runs; the two files of its output, and what it reads, are there too.
    /// Traps if it cannot be started.
    public init(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], in directory: String,
        input: [UInt8] = []
    ) {
        let name = "\(directory)/\(UInt64.random(in: 0 ... .max))"
        outputPath = name + ".stdout"
        errorPath = name + ".stderr"
        let inputPath = name + ".stdin"
        FileContent.write(input, to: inputPath)
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, inputPath, O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, outputPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_addopen(&actions, 2, errorPath, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        // The test process may block or ignore signals that the program is to be stopped by.
        var none = sigset_t()
        sigemptyset(&none)
        posix_spawnattr_setsigmask(&attributes, &none)
        var all = sigset_t()
        sigfillset(&all)
        posix_spawnattr_setsigdefault(&attributes, &all)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF))
        // env changes the folder, which posix_spawn cannot in a way that Swift sees, and becomes the program.
        id = withCStrings(["env", "-C", directory, program] + arguments) { arguments in
            withCStrings(environment.map { "\($0.key)=\($0.value)" }) { environment in
                var id: pid_t = 0
                let result = posix_spawn(&id, "/usr/bin/env", &actions, &attributes, arguments, environment)
                precondition(result == 0, "cannot start \(program): errno \(result)")
                return id
            }
        }
    }

    /// What it has written to stdout so far.
    public var output: String { FileContent.text(of: outputPath) }

    /// What it has written to stderr so far.
    public var errors: String { FileContent.text(of: errorPath) }

    /// Sends it a signal, unless it is known to have ended.
    public func send(_ signal: Int32) {
        ending.withLock { ending in
            if ending == nil { kill(id, signal) }
        }
    }

    /// Waits until it has ended. One that takes longer than `limit` is killed, and ``NeverHappened`` thrown.
    @discardableResult
    public func wait(
        within limit: Duration = .seconds(20), file: StaticString = #fileID, line: UInt = #line
    ) async throws -> Ending {
        var ending: Ending?
        do {
            try await eventually(within: limit, file: file, line: line) {
                ending = end(waiting: false)
                return ending != nil
            }
        } catch {
            killNow()
            throw error
        }
        return ending!
    }

    /// Kills it, if it still runs, and waits until it is gone.
    public func killNow() {
        send(SIGKILL)
        _ = end(waiting: true)
    }

    /// Runs a program to its end.
    public static func run(
        _ program: String, _ arguments: [String], environment: [String: String] = [:], in directory: String,
        input: [UInt8] = [], file: StaticString = #fileID, line: UInt = #line
    ) async throws -> Outcome {
        let child = ChildProcess(program, arguments, environment: environment, in: directory, input: input)
        let ending = try await child.wait(file: file, line: line)
        return Outcome(ending: ending, output: child.output, errors: child.errors)
    }

    private func end(waiting: Bool) -> Ending? {
        ending.withLock { ending in
            if ending == nil {
                var status: Int32 = 0
                guard waitpid(id, &status, waiting ? 0 : WNOHANG) == id else { return nil }
                ending = status & 0x7F == 0 ? .exit(status >> 8 & 0xFF) : .signal(status & 0x7F)
            }
            return ending
        }
    }
}

/// Calls `body` with a null-terminated array of C strings.
private func withCStrings<Result>(
    _ strings: [String], _ body: (UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>) -> Result
) -> Result {
    var pointers = strings.map { strdup($0) } + [nil]
    defer { for pointer in pointers { free(pointer) } }
    return pointers.withUnsafeMutableBufferPointer { body($0.baseAddress!) }
}
