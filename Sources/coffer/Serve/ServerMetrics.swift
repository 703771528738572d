import Metrics
import SQLCipher

/// The metrics of the process as a whole.
enum ServerMetrics {
    static func register(in metrics: MetricsRegistry, versions: LibraryVersions, descriptors: LatestCensus) {
        metrics.registerProcessMetrics()
        metrics.collect(
            "coffer_build_info", help: "What runs; always 1.", type: .gauge, labels: ["version", "sqlcipher", "sqlite"]
        ) { [MetricSample(labels: [BuildInfo.version, versions.sqlcipher, versions.sqlite], 1)] }
        let memoryLimit = MemoryLimit()
        metrics.collect(
            "coffer_memory_limit_bytes", help: "What the control group may use; absent without a limit.", type: .gauge,
            labels: []
        ) { memoryLimit.bytes.map { [MetricSample(labels: [], Double($0))] } ?? [] }
        metrics.collect(
            "coffer_descriptors", help: "Open file descriptors by class, up to 10 seconds old.", type: .gauge,
            labels: ["class"]
        ) {
            let census = descriptors.census
            return DescriptorCensus.Class.allCases.map { MetricSample(labels: [$0.rawValue], census[$0]) }
        }
    }
}
