import Synchronization

/// All metrics of a process, in the order in which they were registered.
///
/// Registering a name twice, a malformed name, or a counter whose name does not end in `_total` is a mistake in the
/// program and traps.
public final class MetricsRegistry: Sendable {
    private struct Family: Sendable {
        let base: String
        let headings: [MetricsFormat: [UInt8]]
        let write: @Sendable (inout Exposition) -> Void
    }

    private let families = Mutex<[Family]>([])
    /// Bytes of the last text: the next one needs about as many.
    private let lastSize = Atomic(0)

    /// Makes an empty registry.
    public init() {}

    /// All metrics as text. Recordings go on meanwhile and wait for nothing.
    public func render(_ format: MetricsFormat) -> [UInt8] {
        var exposition = Exposition(format: format, capacity: lastSize.load(ordering: .relaxed) + 1024)
        for family in families.withLock({ $0 }) {
            exposition.begin(family.headings[format]!)
            family.write(&exposition)
        }
        exposition.finish()
        lastSize.store(exposition.bytes.count, ordering: .relaxed)
        return exposition.bytes
    }

    func register(
        _ name: String, help: String, type: MetricType, labelNames: [String] = [],
        write: @escaping @Sendable (inout Exposition) -> Void
    ) {
        let checked = MetricName(name, type: type)
        for label in labelNames {
            let isReserved = label.hasPrefix("__") || (type == .histogram && label == "le")
            precondition(MetricName.isValid(label, colons: false) && !isReserved, "'\(label)' is no label name")
        }
        let headings = Dictionary(
            uniqueKeysWithValues: MetricsFormat.allCases.map {
                ($0, Exposition.heading(checked, help: help, type: type, in: $0))
            })
        families.withLock { families in
            precondition(!families.contains { $0.base == checked.base }, "'\(name)' is registered twice")
            families.append(Family(base: checked.base, headings: headings, write: write))
        }
    }
}

extension MetricsRegistry {
    /// Registers a counter; its name ends in `_total`.
    public func counter(_ name: String, help: String) -> Counter {
        let counter = Counter()
        let text = LineText(name, hasLabels: false)
        register(name, help: help, type: .counter) { $0.sample(text, value: counter.value) }
        return counter
    }

    /// Registers counters with labels. Those with `initial` label values exist from the start, at 0.
    public func counterFamily(
        _ name: String, help: String, labels: [String], initial: [[String]] = [], maximumSeries: Int = 1_000
    ) -> CounterFamily {
        let family = CounterFamily(labels: labels, initial: initial, maximumSeries: maximumSeries) { Counter() }
        let text = LineText(name, hasLabels: true)
        register(name, help: help, type: .counter, labelNames: labels) { exposition in
            family.forEach { exposition.sample(text, labels: $0, value: $1.value) }
        }
        return family
    }

    /// Registers a histogram. `buckets` are rising upper bounds; the unbounded one is implied.
    public func histogram(_ name: String, help: String, buckets: [Double] = Histogram.secondsBuckets) -> Histogram {
        let histogram = Histogram(bounds: buckets)
        let text = HistogramText(name, bounds: buckets, hasLabels: false)
        register(name, help: help, type: .histogram) { $0.histogram(text, snapshot: histogram.snapshot) }
        return histogram
    }

    /// Registers histograms with labels. Those with `initial` label values exist from the start, empty.
    public func histogramFamily(
        _ name: String, help: String, labels: [String], initial: [[String]] = [],
        buckets: [Double] = Histogram.secondsBuckets, maximumSeries: Int = 200
    ) -> HistogramFamily {
        let family = HistogramFamily(labels: labels, initial: initial, maximumSeries: maximumSeries) {
            Histogram(bounds: buckets)
        }
        let text = HistogramText(name, bounds: buckets, hasLabels: true)
        register(name, help: help, type: .histogram, labelNames: labels) { exposition in
            family.forEach { exposition.histogram(text, labels: $0, snapshot: $1.snapshot) }
        }
        return family
    }
}
