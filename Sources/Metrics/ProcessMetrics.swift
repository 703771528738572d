import Glibc

extension MetricsRegistry {
    /// Registers the standard metrics of the process, found out at every scrape
    /// (https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics). What the system does not tell
    /// is left out.
    public func registerProcessMetrics() {
        single("process_cpu_seconds_total", help: "Total user and system CPU time spent in seconds.", type: .counter) {
            ProcessStatus.cpuSeconds
        }
        single("process_open_fds", help: "Number of open file descriptors.") { Double(OpenDescriptors.count) }
        single("process_max_fds", help: "Maximum number of open file descriptors.") {
            Double(OpenDescriptors.limit)
        }
        single("process_virtual_memory_bytes", help: "Virtual memory size in bytes.") {
            ProcessStatus.memory?.virtualBytes
        }
        single("process_resident_memory_bytes", help: "Resident memory size in bytes.") {
            ProcessStatus.memory?.residentBytes
        }
        single("process_threads", help: "Number of operating system threads in the process.") { ProcessStatus.threads }
        let startTime = ProcessStatus.startTime
        single("process_start_time_seconds", help: "Start time of the process since the Unix epoch in seconds.") {
            startTime
        }
    }

    private func single(
        _ name: String, help: String, type: MetricType = .gauge, value: @escaping @Sendable () -> Double?
    ) {
        collect(name, help: help, type: type) { value().map { [MetricSample($0)] } ?? [] }
    }
}

/// What the kernel tells about this process (https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html).
private enum ProcessStatus {
    static var cpuSeconds: Double? {
        var time = timespec()
        guard clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time) == 0 else { return nil }
        return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
    }

    static var memory: (virtualBytes: Double, residentBytes: Double)? {
        let pages = read("/proc/self/statm")?.split(separator: space).prefix(2).compactMap(number) ?? []
        guard pages.count == 2 else { return nil }
        let pageSize = Double(sysconf(Int32(_SC_PAGESIZE)))
        return (pages[0] * pageSize, pages[1] * pageSize)
    }

    static var threads: Double? { field(20) }

    /// The process's start in ticks after the machine's, which is known in whole seconds.
    static var startTime: Double? {
        let prefix = Array("btime ".utf8)
        let bootLine = read("/proc/stat")?.split(separator: UInt8(ascii: "\n")).first { $0.starts(with: prefix) }
        guard let boot = bootLine.flatMap({ number($0.dropFirst(prefix.count)) }), let ticks = field(22) else {
            return nil
        }
        return boot + ticks / Double(sysconf(Int32(_SC_CLK_TCK)))
    }

    /// A field of `/proc/self/stat` by its number in the manual, from 3 on. The second is the program's name, which may
    /// contain anything but is the last to be in parentheses.
    private static func field(_ number: Int) -> Double? {
        guard let text = read("/proc/self/stat"), let nameEnd = text.lastIndex(of: UInt8(ascii: ")")) else {
            return nil
        }
        let fields = text[nameEnd...].split(separator: space)
        return fields.indices.contains(number - 2) ? self.number(fields[number - 2]) : nil
    }

    private static let space = UInt8(ascii: " ")

    /// A decimal number without a sign.
    private static func number(_ digits: ArraySlice<UInt8>) -> Double? {
        guard !digits.isEmpty, digits.allSatisfy({ UInt8(ascii: "0")...UInt8(ascii: "9") ~= $0 }) else { return nil }
        return digits.reduce(0) { $0 * 10 + Double($1 - UInt8(ascii: "0")) }
    }

    private static func read(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var bytes: [UInt8] = []
        while true {
            let offset = bytes.count
            bytes.append(contentsOf: repeatElement(0, count: 4096))
            let count = bytes.withUnsafeMutableBytes { Glibc.read(descriptor, $0.baseAddress! + offset, 4096) }
            bytes.removeLast(4096 - max(count, 0))
            guard count > 0 else { return count == 0 ? bytes : nil }
        }
    }
}
