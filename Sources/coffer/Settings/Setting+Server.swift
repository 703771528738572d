import CofferAPI
import Logging

extension Setting where Value == String {
    static let host = Setting("host", "127.0.0.1", expected: "an address or a host name", "address to listen on") {
        $0.isEmpty ? nil : $0
    }
    static let dataDirectory = Setting(
        "dataDirectory", "./data", expected: "a path", "where everything is kept"
    ) { $0.isEmpty ? nil : $0 }
    static let publicDirectory = Setting(
        "publicDirectory", "./Public", expected: "a path", "the landing page and the OpenAPI document"
    ) { $0.isEmpty ? nil : $0 }
}

extension Setting where Value == String? {
    static let adminToken = Setting(
        "adminToken", "", expected: "a token", "opens details and metrics to an operator", isSecret: true
    ) { .some($0.isEmpty ? nil : $0) }
    static let adminTokenFile = Setting(
        "adminTokenFile", "", expected: "a path", "file that holds the admin token"
    ) { .some($0.isEmpty ? nil : $0) }
}

extension Setting where Value == UInt16 {
    static let port = Setting(
        "port", "8080", expected: "a port, 0 to 65535", "port to listen on; 0 picks a free one"
    ) { UInt16($0) }
}

extension Setting where Value == Int {
    static let maxConnections = Setting(
        "maxConnections", "4096", expected: ValueFormats.count, "client connections at once",
        parse: ValueFormats.count)
    static let maxConnectionsPerAddress = Setting(
        "maxConnectionsPerAddress", "off", expected: "'off' or \(ValueFormats.count)",
        "client connections at once from one address", parse: ValueFormats.countOrOff)
    static let minBodyRate = Setting(
        "minBodyRate", "1KiB/s", expected: ValueFormats.byteRate, "slower request bodies are cut off",
        parse: ValueFormats.byteRate)
    static let maxBodyBytes = Setting(
        "maxBodyBytes", "8MiB", expected: ValueFormats.size, "size of one request body", parse: ValueFormats.size)
    static let maxResponseRows = Setting(
        "maxResponseRows", "10000", expected: ValueFormats.count, "rows of one reply", parse: ValueFormats.count)
    static let maxResponseBytes = Setting(
        "maxResponseBytes", "16MiB", expected: ValueFormats.size, "size of one reply", parse: ValueFormats.size)
}

extension Setting where Value == Int? {
    static let eventThreads = Setting(
        "eventThreads", "", expected: "a whole number from 1 to 64",
        "threads that receive, send and run quick statements; one for each core when not set",
        parse: ValueFormats.optional(ValueFormats.count(in: 1...64)))
    static let workers = Setting(
        "workers", "", expected: "a whole number from 1 to 1024",
        "threads that run statements; 4 for each core when not set",
        parse: ValueFormats.optional(ValueFormats.count(in: 1...1024)))
}

extension Setting where Value == Duration {
    static let headerTimeout = Setting(
        "headerTimeout", "10s", expected: ValueFormats.duration, "for a request's whole header",
        parse: ValueFormats.duration)
    static let idleTimeout = Setting(
        "idleTimeout", "60s", expected: ValueFormats.duration, "for a kept-alive connection between requests",
        parse: ValueFormats.duration)
    static let shutdownTimeout = Setting(
        "shutdownTimeout", "25s", expected: ValueFormats.duration, "for requests in flight when the server stops",
        parse: ValueFormats.duration)
}

extension Setting where Value == MetricsAccess? {
    static let metrics = Setting(
        "metrics", "", expected: "open, token or off",
        "who may read /metrics; open when bound to loopback, else token",
        parse: ValueFormats.optional { MetricsAccess(rawValue: $0) })
}

extension Setting where Value == Logger.Level {
    static let logLevel = Setting(
        "logLevel", "info", expected: "trace, debug, info, notice, warning, error or critical", "least level logged"
    ) { Logger.Level(rawValue: $0) }
}

extension Setting where Value == LogFormat {
    static let logFormat = Setting("logFormat", "text", expected: "text or json", "form of the log lines") {
        LogFormat(rawValue: $0)
    }
}
