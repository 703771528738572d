import Glibc
import Metrics
import Synchronization
import UserEngines

/// Whether the server can serve now: its checks, and whether it is about to stop.
public final class Readiness: Sendable {
    /// The outcome of one check.
    public struct Result: Sendable {
        /// What was checked.
        public let name: String
        /// Whether it is as it must be.
        public let isPassed: Bool
        /// Figures for an operator.
        public let detail: String

        /// Makes a result.
        public init(_ name: String, isPassed: Bool, detail: String) {
            self.name = name
            self.isPassed = isPassed
            self.detail = detail
        }
    }

    private let draining = Atomic(false)
    private let checks: [@Sendable () async -> Result]

    /// Makes a readiness of these checks, each quick.
    public init(checks: [@Sendable () async -> Result]) {
        self.checks = checks
    }

    /// Makes the server unready for good: it is about to stop.
    public func beginDraining() {
        draining.store(true, ordering: .relaxed)
    }

    func results() async -> [Result] {
        let isDraining = draining.load(ordering: .relaxed)
        var results = [Result("draining", isPassed: !isDraining, detail: isDraining ? "the server stops" : "no")]
        for check in checks { results.append(await check()) }
        return results
    }

    /// At least `minimumBytes` are free where the data lies (https://man7.org/linux/man-pages/man3/statvfs.3.html).
    public static func diskSpace(at path: String, minimumBytes: UInt64 = 64 << 20) -> Result {
        var status = statvfs()
        guard statvfs(path, &status) == 0 else {
            return Result("disk", isPassed: false, detail: String(cString: strerror(errno)))
        }
        let free = UInt64(status.f_bavail) * UInt64(status.f_frsize)
        return Result("disk", isPassed: free >= minimumBytes, detail: "\(free >> 20) MiB free")
    }

    /// Fewer than 95 % of the file descriptors are in use.
    public static func descriptors() -> Result {
        let (open, limit) = (OpenDescriptors.count, OpenDescriptors.limit)
        return Result(
            "descriptors", isPassed: open * 100 < limit * 95, detail: "\(open) of \(limit) in use")
    }

    /// The budget has room for a further connection, or no engine waits for one.
    public static func budget(_ budget: DescriptorBudget) -> Result {
        let waiting = budget.waiting
        return Result(
            "descriptor_budget", isPassed: !budget.isSpent || waiting == 0,
            detail: "\(budget.used) of \(budget.capacity) in use, \(waiting) engines wait")
    }
}
