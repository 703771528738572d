/// The series of one metric, told apart by the values of one to three labels. A series may be there from the start or
/// appear when it is first asked for.
///
/// Label values decide how much memory the family takes, so their number is bounded: past the maximum, new values
/// share one series whose labels all read `other`.
public struct MetricFamily<Instrument: AnyObject & Sendable>: Sendable {
    private let table: SeriesTable

    init(labels: [String], initial: [[String]], maximumSeries: Int, make: @escaping @Sendable () -> Instrument) {
        table = SeriesTable(labelNames: labels, initial: initial, maximumSeries: maximumSeries, makeInstrument: make)
    }

    /// The series with these label values, one for each label of the family. The look-up allocates nothing, unless
    /// the series is new; where the values are fixed, look up once and keep the result.
    public func series(_ first: String, _ second: String? = nil, _ third: String? = nil) -> Instrument {
        instrument(table.instrument(for: SeriesKey(first: first, second: second, third: third)))
    }

    /// Calls `body` with each series of this moment, and with the text of its labels, in order of appearance.
    func forEach(_ body: (_ labels: [UInt8], _ instrument: Instrument) -> Void) {
        for series in table.series { body(series.labels, instrument(series.instrument)) }
    }

    /// The table holds only what `make` made. It is not generic itself: a generic table would be looked up through
    /// run-time metadata, several times slower.
    private func instrument(_ object: any AnyObject & Sendable) -> Instrument {
        unsafeDowncast(object, to: Instrument.self)
    }
}

/// Counters told apart by labels.
public typealias CounterFamily = MetricFamily<Counter>
/// Histograms told apart by labels.
public typealias HistogramFamily = MetricFamily<Histogram>
