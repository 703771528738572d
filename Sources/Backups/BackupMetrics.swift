import Metrics

/// What backups record.
public final class BackupMetrics: Sendable {
    enum Result: String, CaseIterable {
        case success
        case failed
        case cancelled
    }

    private let results: CounterFamily
    private let seconds: Histogram
    private let bytes: Counter

    /// Registers the metrics, each series at 0.
    public init(_ metrics: MetricsRegistry) {
        results = metrics.counterFamily(
            "coffer_backups_total", help: "Backups, by how they ended.", labels: ["result"],
            initial: Result.allCases.map { [$0.rawValue] })
        seconds = metrics.histogram(
            "coffer_backup_seconds", help: "Backups that succeeded, from their turn to their last name on the disk.")
        bytes = metrics.counter("coffer_backup_bytes_total", help: "Bytes of the backups that succeeded.")
    }

    func succeeded(in duration: Duration, bytes count: Int64) {
        results.series(Result.success.rawValue).increment()
        seconds.record(duration)
        bytes.increment(by: Int(count))
    }

    func ended(_ result: Result) {
        results.series(result.rawValue).increment()
    }
}
