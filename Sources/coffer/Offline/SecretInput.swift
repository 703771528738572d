import Glibc
import Secrets

/// Secrets that a command is told: lines of stdin, or what a person types without seeing it. Never an argument, which
/// every process of the machine could read.
enum SecretInput {
    private static let longest = 1024

    /// Reads a line. Nothing but its end is taken off.
    ///
    /// - Parameter name: what is asked for, such as `password`.
    static func read(_ name: String) throws -> GuardedBytes {
        guard isatty(STDIN_FILENO) == 1 else { return try readLine(name) }
        prompt("\(name): ")
        return try withoutEcho { try readLine(name) }
    }

    /// Byte by byte, so that the next line is still there for whoever reads next.
    private static func readLine(_ name: String) throws -> GuardedBytes {
        var line = [UInt8](repeating: 0, count: longest)
        defer { line.wipe() }
        var length = 0
        while true {
            var byte: UInt8 = 0
            let count = Glibc.read(STDIN_FILENO, &byte, 1)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 || byte == UInt8(ascii: "\n") { break }
            guard length < longest else { throw CommandError("the \(name) has more than \(longest) bytes") }
            line[length] = byte
            length += 1
        }
        guard length > 0 else { throw CommandError("no \(name) on stdin") }
        return try line.withUnsafeBytes { try GuardedBytes(copying: UnsafeRawBufferPointer(rebasing: $0[..<length])) }
    }

    private static func withoutEcho<Result>(_ body: () throws -> Result) rethrows -> Result {
        var settings = termios()
        guard tcgetattr(STDIN_FILENO, &settings) == 0 else { return try body() }
        var silent = settings
        silent.c_lflag &= ~tcflag_t(ECHO)
        tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent)
        defer {
            tcsetattr(STDIN_FILENO, TCSAFLUSH, &settings)
            prompt("\n")
        }
        return try body()
    }

    /// On stderr: stdout is for what a command answers.
    private static func prompt(_ text: String) {
        _ = write(STDERR_FILENO, text, text.utf8.count)
    }
}

/// Why a command does not do what it was asked, in a sentence.
struct CommandError: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}
