import JSON
import Logging
import Timekeeping

/// Writes each log line as one JSON object on stdout.
struct JSONLogHandler: LogHandler {
    var logLevel: Logger.Level
    var metadata: Logger.Metadata = [:]
    private let label: String

    init(label: String, level: Logger.Level) {
        self.label = label
        logLevel = level
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var json = JSONWriter(capacity: 256)
        json.beginObject()
        json.name("time")
        json.write(SystemTime().unixTime.iso8601)
        json.name("level")
        json.write(event.level.rawValue)
        json.name("logger")
        json.write(label)
        json.name("message")
        json.write(event.message.description)
        let fields = metadata.merging(event.metadata ?? [:]) { $1 }
        for (key, value) in fields.sorted(by: { $0.key < $1.key }) {
            json.name(escaping: key)
            json.write("\(value)")
        }
        json.endObject()
        StandardOutput.write(line: json.finish())
    }
}
