import Metrics

/// What a scrape reads off the reaper and what it looks after.
public enum ReaperMetrics {
    /// Registers the metrics.
    public static func register(
        _ reaper: Reaper, activity: Activity, locks: UserLocks, in metrics: MetricsRegistry
    ) {
        metrics.collect("coffer_reaper_runs_total", help: "Passes of the reaper.", type: .counter) {
            [MetricSample(reaper.totals.runs)]
        }
        metrics.collect("coffer_reaper_closed_total", help: "Engines the reaper closed.", type: .counter) {
            [MetricSample(reaper.totals.closed)]
        }
        metrics.collect(
            "coffer_reaper_failed_total", help: "Closes by the reaper that failed and are tried again.", type: .counter
        ) { [MetricSample(reaper.totals.failed)] }
        metrics.collect(
            "coffer_reaper_skipped_total", help: "Engines somebody came to need before the reaper closed them.",
            type: .counter
        ) { [MetricSample(reaper.totals.skipped)] }
        metrics.collect(
            "coffer_release_pass_total", help: "Passes that checkpointed and closed idle connections.", type: .counter
        ) { [MetricSample(reaper.totals.releases)] }
        metrics.collect(
            "coffer_reaper_last_run_timestamp_seconds", help: "When the last pass began; 0 before the first.",
            type: .gauge
        ) { [MetricSample(reaper.lastReport.map { Double($0.start.milliseconds) / 1000 } ?? 0)] }
        metrics.collect(
            "coffer_reaper_duration_seconds", help: "How long the last pass took.", type: .gauge
        ) { [MetricSample(reaper.lastReport?.duration.inSeconds ?? 0)] }
        metrics.collect(
            "coffer_research_active", help: "Researches that are live.", type: .gauge
        ) { [MetricSample(activity.count(of: .research))] }
        metrics.collect(
            "coffer_protected_users", help: "Users with a live session or research.", type: .gauge
        ) { [MetricSample(activity.activeUserCount)] }
        metrics.collect(
            "coffer_user_lock_entries", help: "Entries of the per-user lock tables.", type: .gauge, labels: ["table"]
        ) {
            UserLocks.Table.allCases.map { MetricSample(labels: [$0.rawValue], locks[$0].count) }
        }
    }
}
