/// What a metric's samples mean.
public enum MetricType: String, Sendable {
    /// Only grows; its name ends in `_total`.
    case counter
    /// Rises and falls.
    case gauge
    /// Counts by size.
    case histogram
}

/// A checked metric name.
struct MetricName: Sendable {
    /// The name of the samples, for a counter with `_total`.
    let sample: String
    /// The name without `_total`, which must be unique in a registry.
    let base: String

    init(_ name: String, type: MetricType) {
        precondition(Self.isValid(name, colons: true), "'\(name)' is no metric name")
        precondition(name.hasSuffix("_total") == (type == .counter), "'\(name)': _total belongs to counters")
        sample = name
        base = type == .counter ? String(name.dropLast("_total".count)) : name
    }

    /// The name in the lines that introduce the family: OpenMetrics leaves a counter's `_total` to its samples.
    func family(in format: MetricsFormat) -> String {
        format == .openMetrics ? base : sample
    }

    /// Whether a metric (with colons) or a label (without) may be called that
    /// (https://prometheus.io/docs/concepts/data_model/).
    static func isValid(_ name: String, colons: Bool) -> Bool {
        guard let first = name.utf8.first, !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= first) else { return false }
        return name.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
                true
            default: colons && byte == UInt8(ascii: ":")
            }
        }
    }
}
