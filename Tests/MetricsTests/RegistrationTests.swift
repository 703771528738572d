import Metrics
import Testing

@Suite("Mistakes in registering metrics stop the program")
struct RegistrationTests {
    @Test("A name twice")
    func duplicate() async {
        await #expect(processExitsWith: .failure) {
            let registry = MetricsRegistry()
            _ = registry.counter("things_total", help: "Things.")
            registry.collect("things", help: "Things.", type: .gauge) { [] }
        }
    }

    @Test("A counter without _total")
    func counterSuffix() async {
        await #expect(processExitsWith: .failure) { _ = MetricsRegistry().counter("things", help: "Things.") }
    }

    @Test("A name that is none")
    func invalidName() async {
        await #expect(processExitsWith: .failure) { _ = MetricsRegistry().counter("my-things_total", help: "Things.") }
    }

    @Test("A reserved label")
    func reservedLabel() async {
        await #expect(processExitsWith: .failure) {
            _ = MetricsRegistry().histogramFamily("things", help: "Things.", labels: ["le"])
        }
    }

    @Test("Fewer label values than labels")
    func missingLabel() async {
        await #expect(processExitsWith: .failure) {
            _ = MetricsRegistry().counterFamily("things_total", help: "Things.", labels: ["a", "b"]).series("only one")
        }
    }
}
