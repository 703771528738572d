import Decimals

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

    /// Writes one line. `labels` are as ``LabelText`` makes them.
    mutating func sample(_ text: LineText, labels: [UInt8] = [], value: Int) {
        line(text.beforeLabels.span, labels.span, text.afterLabels.span, value)
    }

    /// The same of a number that need not be whole; one that is has no fraction.
    mutating func sample(_ text: LineText, labels: [UInt8] = [], value: Double) {
        if let whole = Int(exactly: value), whole.magnitude < 1 << 53 {
            return sample(text, labels: labels, value: whole)
        }
        let number = value.isNaN ? "NaN" : value.isInfinite ? (value > 0 ? "+Inf" : "-Inf") : value.description
        bytes.append(contentsOf: text.beforeLabels)
        bytes.append(contentsOf: labels)
        bytes.append(contentsOf: text.afterLabels)
        bytes.append(contentsOf: number.utf8)
        bytes.append(UInt8(ascii: "\n"))
    }

    /// Writes the lines of a histogram; its buckets count everything below their bound.
    mutating func histogram(_ text: HistogramText, labels: [UInt8] = [], snapshot: Histogram.Snapshot) {
        var cumulative = 0
        var start = 0
        for (end, count) in zip(text.ends, snapshot.counts) {
            cumulative += count
            line(text.beforeLabels.span, labels.span, text.afterLabels.span.extracting(start..<end), cumulative)
            start = end
        }
        sample(text.sum, labels: labels, value: snapshot.sum)
        sample(text.count, labels: labels, value: cumulative)
    }

    /// Ends the exposition.
    mutating func finish() {
        if format == .openMetrics { bytes.append(contentsOf: "# EOF\n".utf8) }
    }

    /// The lines that introduce a family.
    static func heading(_ name: MetricName, help: String, type: MetricType, in format: MetricsFormat) -> [UInt8] {
        let family = name.family(in: format)
        let help = LabelText.escaped(help, quotes: format == .openMetrics)
        return Array("# HELP \(family) ".utf8) + help + Array("\n# TYPE \(family) \(type.rawValue)\n".utf8)
    }

    /// Appends a line; one growth check for all of it.
    @inline(__always)
    private mutating func line(
        _ beforeLabels: Span<UInt8>, _ labels: Span<UInt8>, _ afterLabels: Span<UInt8>, _ value: Int
    ) {
        let length = beforeLabels.count + labels.count + afterLabels.count
        bytes.append(addingCapacity: length + DecimalInteger.longest + 1) { output in
            output.withUnsafeMutableBufferPointer { bytes, count in
                let start = bytes.baseAddress.unsafelyUnwrapped
                start.copy(beforeLabels)
                (start + beforeLabels.count).copy(labels)
                (start + beforeLabels.count + labels.count).copy(afterLabels)
                count = length + DecimalInteger.put(Int64(value), into: start + length)
                start[count] = UInt8(ascii: "\n")
                count += 1
            }
        }
    }
}

extension UnsafeMutablePointer<UInt8> {
    fileprivate func copy(_ bytes: Span<UInt8>) {
        bytes.withUnsafeBufferPointer { if let source = $0.baseAddress { update(from: source, count: $0.count) } }
    }
}
