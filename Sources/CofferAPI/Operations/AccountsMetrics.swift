import Accounts
import Metrics

/// Counts logins and times password hashes.
public final class AccountsMetrics: AccountsObserver {
    private let logins: CounterFamily
    private let hashSeconds: Histogram

    /// Registers the metrics, each series at 0.
    public init(_ metrics: MetricsRegistry) {
        logins = metrics.counterFamily(
            "coffer_logins_total", help: "Logins, by how they ended.", labels: ["result"],
            initial: LoginResult.allCases.map { [$0.rawValue] })
        hashSeconds = metrics.histogram(
            "coffer_password_hash_seconds", help: "Argon2id hashes, without the wait for their turn.")
    }

    /// Counts a login.
    public func loginEnded(_ result: LoginResult) {
        logins.series(result.rawValue).increment()
    }

    /// Times a password hash.
    public func passwordHashed(in duration: Duration) {
        hashSeconds.record(duration)
    }

    /// Registers the gauges that are read off the accounts at every scrape.
    public func registerGauges(of accounts: Accounts, in metrics: MetricsRegistry) {
        metrics.collect(
            "coffer_sessions_active", help: "Sessions that are live and have proved themselves.", type: .gauge
        ) { [MetricSample(accounts.activeSessionCount)] }
    }
}
