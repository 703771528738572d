import Synchronization

/// The series of one metric, told apart by the values of one to three labels. A series may be there from the start or appear
/// when it is first asked for.
///
/// Label values decide how much memory the family takes, so their number is bounded: past `maximumSeries`, new values share one
/// series whose labels all read `other`.
public final class MetricFamily<Instrument: Sendable>: Sendable {
    /// One series with the text of its labels as the exposition shows it.
    struct Series: Sendable {
        let labels: String
        let instrument: Instrument
    }

    private struct State {
        var instruments: [SeriesKey: Instrument] = [:]
        /// In order of appearance. A scrape copies only the reference, so that a look-up never waits for a rendering.
        var series: [Series] = []
        var overflow: Instrument?
    }

    private let labelNames: [String]
    private let maximumSeries: Int
    private let makeInstrument: @Sendable () -> Instrument
    private let state = Mutex(State())

    init(
        labelNames: [String], initial: [[String]], maximumSeries: Int,
        makeInstrument: @escaping @Sendable () -> Instrument
    ) {
        precondition(1...3 ~= labelNames.count, "a family has one to three labels")
        precondition(initial.count <= maximumSeries, "more series than allowed")
        self.labelNames = labelNames
        self.maximumSeries = maximumSeries
        self.makeInstrument = makeInstrument
        for values in initial {
            precondition(values.count == labelNames.count, "a value for every label")
            _ = series(values[0], values.count > 1 ? values[1] : nil, values.count > 2 ? values[2] : nil)
        }
    }

    /// The series with these label values, one for each label of the family. Keep the result where the values are fixed; else
    /// the look-up costs a hash of the values and allocates nothing.
    public func series(_ first: String, _ second: String? = nil, _ third: String? = nil) -> Instrument {
        let key = SeriesKey(first: first, second: second, third: third)
        return state.withLock { state in
            if let known = state.instruments[key] { return known }
            precondition(key.values.count == labelNames.count, "a value for every label")
            guard state.instruments.count < maximumSeries else { return overflowLocked(&state) }
            let instrument = makeInstrument()
            state.instruments[key] = instrument
            state.series.append(Series(labels: text(of: key.values), instrument: instrument))
            return instrument
        }
    }

    /// All series of this moment.
    var snapshot: [Series] { state.withLock { $0.series } }

    private func overflowLocked(_ state: inout State) -> Instrument {
        if let overflow = state.overflow { return overflow }
        let values = labelNames.map { _ in "other" }
        let key = SeriesKey(
            first: "other", second: values.count > 1 ? "other" : nil, third: values.count > 2 ? "other" : nil)
        let overflow = state.instruments[key] ?? makeInstrument()
        if state.instruments[key] == nil { state.series.append(Series(labels: text(of: values), instrument: overflow)) }
        state.overflow = overflow
        return overflow
    }

    private func text(of values: [String]) -> String {
        Exposition.labels(names: labelNames, values: values)
    }
}

/// Counters told apart by labels.
public typealias CounterFamily = MetricFamily<Counter>
/// Gauges told apart by labels.
public typealias GaugeFamily = MetricFamily<Gauge>
/// Histograms told apart by labels.
public typealias HistogramFamily = MetricFamily<Histogram>

/// Label values as a dictionary key that lies in place.
private struct SeriesKey: Hashable {
    let first: String
    let second: String?
    let third: String?

    var values: [String] { [first, second, third].compactMap { $0 } }
}
