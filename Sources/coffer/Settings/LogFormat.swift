/// The form of the log lines.
enum LogFormat: String, Sendable {
    /// For people, on stderr.
    case text
    /// One JSON object a line, on stdout, where container platforms look.
    case json
}
