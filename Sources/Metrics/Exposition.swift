/// Writes metrics as text, family by family, straight into bytes.
struct Exposition {
    private(set) var bytes: [UInt8] = []
    let format: MetricsFormat

    init(format: MetricsFormat, capacity: Int) {
        self.format = format
        bytes.reserveCapacity(capacity)
    }

    /// Writes the lines that introduce a family, as ``heading(_:help:type:in:)`` makes them.
    mutating func begin(_ heading: [UInt8]) {
        bytes.append(contentsOf: heading)
    }

    /// Writes one line. `labels` are as `labels(names:values:)` makes them.
    mutating func sample(_ name: String, labels: String = "", value: Int) {
        beginSample(name, labels)
        append(value)
        append("\n")
    }

    /// The same of a number that need not be whole.
    mutating func sample(_ name: String, labels: String = "", value: Double) {
        beginSample(name, labels)
        append(value)
        append("\n")
    }

    /// Writes the lines of a histogram; its buckets count everything below their bound.
    mutating func histogram(_ names: HistogramNames, labels: String, snapshot: Histogram.Snapshot) {
        let bucket = Array("\(names.bucket){\(labels)\(labels.isEmpty ? "" : ",")".utf8)
        var cumulative = 0
        for (bound, count) in zip(names.bounds, snapshot.counts) {
            cumulative += count
            bytes.append(contentsOf: bucket)
            bytes.append(contentsOf: bound)
            append(cumulative)
            append("\n")
        }
        sample(names.sum, labels: labels, value: snapshot.sum)
        sample(names.count, labels: labels, value: cumulative)
    }

    /// Ends the exposition.
    mutating func finish() {
        if format == .openMetrics { append("# EOF\n") }
    }

    /// The lines that introduce a family.
    static func heading(_ name: MetricName, help: String, type: MetricType, in format: MetricsFormat) -> [UInt8] {
        let family = name.family(in: format)
        let help = escape(help, quotes: format == .openMetrics)
        return Array("# HELP \(family) \(help)\n# TYPE \(family) \(type.rawValue)\n".utf8)
    }

    /// The labels of a series with their values escaped.
    static func labels(names: [String], values: [String]) -> String {
        zip(names, values).map { "\($0)=\"\(escape($1, quotes: true))\"" }.joined(separator: ",")
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

    private mutating func beginSample(_ name: String, _ labels: String) {
        append(name)
        if !labels.isEmpty {
            append("{")
            append(labels)
            append("}")
        }
        append(" ")
    }

    private mutating func append(_ text: String) {
        bytes.append(contentsOf: text.utf8)
    }

    /// Whole numbers have no fraction.
    private mutating func append(_ value: Double) {
        if let whole = Int(exactly: value), whole.magnitude < 1 << 53 {
            append(whole)
        } else if value.isNaN {
            append("NaN")
        } else if value.isInfinite {
            append(value > 0 ? "+Inf" : "-Inf")
        } else {
            append(value.description)
        }
    }

    private mutating func append(_ number: Int) {
        if number < 0 { bytes.append(UInt8(ascii: "-")) }
        let start = bytes.count
        var rest = number.magnitude
        repeat {
            bytes.append(UInt8(ascii: "0") + UInt8(truncatingIfNeeded: rest % 10))
            rest /= 10
        } while rest > 0
        var (low, high) = (start, bytes.count - 1)
        while low < high {
            bytes.swapAt(low, high)
            (low, high) = (low + 1, high - 1)
        }
    }
}

/// The texts that all series of a histogram share.
struct HistogramNames: Sendable {
    let bucket: String
    let sum: String
    let count: String
    /// What stands between a bucket's labels and its count, for each bound and for the unbounded bucket.
    let bounds: [[UInt8]]

    init(_ name: String, bounds: [Double]) {
        bucket = name + "_bucket"
        sum = name + "_sum"
        count = name + "_count"
        self.bounds = (bounds.map(\.description) + ["+Inf"]).map { Array("le=\"\($0)\"} ".utf8) }
    }
}
