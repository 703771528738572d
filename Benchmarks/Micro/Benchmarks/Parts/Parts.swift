import Benchmark

/// What a request passes through, one part at a time. A sample is 1000 runs, and its time that of one.
let benchmarks: @Sendable () -> Void = {
    Benchmark.defaultConfiguration = .init(metrics: [.wallClock], scalingFactor: .kilo, maxDuration: .seconds(1))
    poolBenchmarks()
    jsonBenchmarks()
    statementBenchmarks()
    sessionBenchmarks()
    metricsBenchmarks()
}

/// Of those that make files for each sample, so that none is left: the making is not measured, but takes its time.
var fewSamples: Benchmark.Configuration {
    .init(metrics: [.wallClock], scalingFactor: .kilo, maxDuration: .seconds(1), maxIterations: 50)
}
