import Synchronization

/// Label values as a dictionary key that lies in place.
struct SeriesKey: Hashable {
    let first: String
    let second: String?
    let third: String?

    init(first: String, second: String?, third: String?) {
        self.first = first
        self.second = second
        self.third = third
    }

    init(_ values: [String]) {
        first = values[0]
        second = values.count > 1 ? values[1] : nil
        third = values.count > 2 ? values[2] : nil
    }

    var values: [String] { [first, second, third].compactMap { $0 } }
}

/// Finds the instrument of a series by its label values, and makes it when they are new and there is room.
final class SeriesTable: Sendable {
    /// One series with the text of its labels as the exposition shows it.
    struct Series: Sendable {
        let labels: [UInt8]
        let instrument: any AnyObject & Sendable
    }

    private struct State {
        var instruments: [SeriesKey: any AnyObject & Sendable] = [:]
        /// In order of appearance. A scrape copies only the reference, so that a look-up never waits for a rendering.
        var series: [Series] = []
    }

    private let labelNames: [String]
    private let maximumSeries: Int
    private let overflowKey: SeriesKey
    private let makeInstrument: @Sendable () -> any AnyObject & Sendable
    private let state = Mutex(State())

    init(
        labelNames: [String], initial: [[String]], maximumSeries: Int,
        makeInstrument: @escaping @Sendable () -> any AnyObject & Sendable
    ) {
        precondition(1...3 ~= labelNames.count, "a family has one to three labels")
        precondition(initial.count <= maximumSeries, "more series than allowed")
        self.labelNames = labelNames
        self.maximumSeries = maximumSeries
        self.makeInstrument = makeInstrument
        overflowKey = SeriesKey(labelNames.map { _ in "other" })
        for values in initial { _ = instrument(for: SeriesKey(values)) }
    }

    func instrument(for key: SeriesKey) -> any AnyObject & Sendable {
        state.withLock { state in
            if let known = state.instruments[key] { return known }
            if state.instruments.count < maximumSeries { return addLocked(key, to: &state) }
            return state.instruments[overflowKey] ?? addLocked(overflowKey, to: &state)
        }
    }

    var series: [Series] { state.withLock { $0.series } }

    private func addLocked(_ key: SeriesKey, to state: inout State) -> any AnyObject & Sendable {
        precondition(key.values.count == labelNames.count, "a value for every label")
        let instrument = makeInstrument()
        state.instruments[key] = instrument
        state.series.append(
            Series(labels: LabelText.bytes(names: labelNames, values: key.values), instrument: instrument))
        return instrument
    }
}
