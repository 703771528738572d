import Glibc
import Metrics
import Testing

@Suite("Process metrics")
struct ProcessMetricsTests {
    private func values() throws -> [String: Double] {
        let registry = MetricsRegistry()
        registry.registerProcessMetrics()
        let text = String(decoding: registry.render(.prometheus), as: UTF8.self)
        var values: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let parts = line.split(separator: " ")
            let value = try #require(Double(parts[1]))
            values[String(parts[0])] = value
        }
        return values
    }

    @Test("The standard metrics are there and plausible")
    func plausible() throws {
        let values = try values()
        let now = Double(time(nil))
        #expect(values.count == 7)
        #expect(0.001...1e6 ~= values["process_cpu_seconds_total"] ?? 0)
        #expect(3...1e6 ~= values["process_open_fds"] ?? 0)
        #expect(values["process_open_fds"] ?? .infinity <= values["process_max_fds"] ?? 0)
        #expect(1e6...1e12 ~= values["process_resident_memory_bytes"] ?? 0)
        #expect(values["process_resident_memory_bytes"] ?? .infinity < values["process_virtual_memory_bytes"] ?? 0)
        #expect(1...10_000 ~= values["process_threads"] ?? 0)
        #expect(now - 86_400...now + 2 ~= values["process_start_time_seconds"] ?? 0)
    }

    @Test("Memory that is touched shows up as resident")
    func residentMemory() throws {
        let before = try values()["process_resident_memory_bytes"] ?? 0
        let size = 256 << 20
        let block = try #require(malloc(size))
        defer { free(block) }
        memset(block, 1, size)
        let after = try values()["process_resident_memory_bytes"] ?? 0
        #expect(after - before > Double(size) / 2)
    }
}
