import FaultInjection
import Glibc

/// The table of how often each scenario was struck.
enum FaultReport {
    static func print(_ scenario: String, _ points: [FaultKind: Int]) {
        let kinds = FaultKind.allCases.compactMap { kind in points[kind].map { "\(kind) \($0)" } }
        let total = points.values.reduce(0, +)
        Swift.print("faults | \(scenario) | \(total) | \(kinds.joined(separator: ", "))")
        fflush(nil)
    }
}
