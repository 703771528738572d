/// Writes metrics as text, family by family.
struct Exposition {
    private(set) var bytes: [UInt8] = []
    let format: MetricsFormat

    init(format: MetricsFormat) {
        self.format = format
        bytes.reserveCapacity(32 * 1024)
    }

    /// Writes the lines that introduce a family.
    mutating func begin(_ name: MetricName, help: String, type: MetricType) {
        append("# HELP ", name.family(in: format), " ", Self.escape(help, quotes: format == .openMetrics), "\n")
        append("# TYPE ", name.family(in: format), " ", type.rawValue, "\n")
    }

    /// Writes one line. `labels` are as `labels(names:values:)` makes them.
    mutating func sample(_ name: String, labels: String, value: String) {
        if labels.isEmpty {
            append(name, " ", value, "\n")
        } else {
            append(name, "{", labels, "} ", value, "\n")
        }
    }

    /// Writes the lines of a histogram; its buckets count everything below their bound.
    mutating func histogram(_ name: String, labels: String, bounds: [Double], snapshot: Histogram.Snapshot) {
        let prefix = labels.isEmpty ? "" : labels + ","
        var cumulative = 0
        for (bound, count) in zip(bounds + [.infinity], snapshot.counts) {
            cumulative += count
            let limit = bound.isFinite ? bound.description : "+Inf"
            sample(name + "_bucket", labels: "\(prefix)le=\"\(limit)\"", value: "\(cumulative)")
        }
        sample(name + "_sum", labels: labels, value: Self.text(snapshot.sum))
        sample(name + "_count", labels: labels, value: "\(cumulative)")
    }

    /// Ends the exposition.
    mutating func finish() {
        if format == .openMetrics { append("# EOF\n") }
    }

    /// The labels of a series with their values escaped.
    static func labels(names: [String], values: [String]) -> String {
        zip(names, values).map { "\($0)=\"\(escape($1, quotes: true))\"" }.joined(separator: ",")
    }

    /// A number: whole ones without a fraction.
    static func text(_ value: Double) -> String {
        if let whole = Int(exactly: value), whole.magnitude < 1 << 53 { return whole.description }
        if value.isNaN { return "NaN" }
        if value.isInfinite { return value > 0 ? "+Inf" : "-Inf" }
        return value.description
    }

    private static func escape(_ text: String, quotes: Bool) -> String {
        var escaped = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\\": escaped += "\\\\"
            case "\n": escaped += "\\n"
            case "\"" where quotes: escaped += "\\\""
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private mutating func append(_ parts: String...) {
        for part in parts { bytes.append(contentsOf: part.utf8) }
    }
}
