/// A value that is found out when the metrics are read.
public struct MetricSample: Sendable {
    /// One value for each label of the metric.
    public let labels: [String]
    /// The value, in the metric's unit.
    public let value: Double

    /// Makes a sample.
    public init(labels: [String] = [], _ value: Double) {
        self.labels = labels
        self.value = value
    }

    /// Makes a sample of a whole number.
    public init(labels: [String] = [], _ value: Int) {
        self.init(labels: labels, Double(value))
    }
}

extension MetricsRegistry {
    /// Registers a counter or gauge whose samples `samples` finds out at every scrape. It runs on the scraping
    /// thread, may run on several at once, and gives every label combination at most once.
    public func collect(
        _ name: String, help: String, type: MetricType, labels: [String] = [],
        samples: @escaping @Sendable () -> [MetricSample]
    ) {
        precondition(type != .histogram, "a histogram is recorded, not collected")
        let text = LineText(name, hasLabels: !labels.isEmpty)
        register(name, help: help, type: type, labelNames: labels) { exposition in
            for sample in samples() {
                precondition(sample.labels.count == labels.count, "a value for every label")
                exposition.sample(
                    text, labels: LabelText.bytes(names: labels, values: sample.labels), value: sample.value)
            }
        }
    }
}
