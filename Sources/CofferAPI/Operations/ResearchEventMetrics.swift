import Metrics
import Research

/// Counts the listeners of researches that were sent away.
public final class ResearchEventMetrics: ResearchEventsObserver {
    private let dropped: CounterFamily

    /// Registers the metrics, each series at 0.
    public init(_ metrics: MetricsRegistry) {
        dropped = metrics.counterFamily(
            "coffer_research_listeners_dropped_total", help: "Event streams ended before their research, by reason.",
            labels: ["reason"], initial: ListenerDropReason.allCases.map { [$0.rawValue] })
    }

    /// Counts a listener.
    public func listenerDropped(_ reason: ListenerDropReason) {
        dropped.series(reason.rawValue).increment()
    }

    /// Registers the gauges that are read off the events at every scrape.
    public func registerGauges(of events: ResearchEvents, in metrics: MetricsRegistry) {
        metrics.collect(
            "coffer_research_listeners", help: "Event streams that are open.", type: .gauge
        ) { [MetricSample(events.listenerCount)] }
    }
}
