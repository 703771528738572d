import FaultInjection
import SQLCipher

/// Something that is done while faults strike, and what must be true however it ends.
///
/// A new one is a file in `Scenarios`: the type, and a test in an extension of ``FaultSuite`` that runs it. One value is
/// made for each fault, in a directory of its own, and its functions are called in the order in which they stand here.
protocol FaultScenario: Sendable {
    /// Its name in the report.
    static var name: String { get }

    /// The kinds that must have struck: a scenario that its faults do not reach proves nothing.
    static var reached: Set<FaultKind> { get }

    /// How many of its calls fail outside the long tests.
    static var stride: FaultStride { get }

    /// Prepares what the scenario starts from. No fault strikes.
    init(in directory: String) async throws

    /// What is put to the test. Faults strike.
    func run() async throws

    /// What is wrong now: a lease that is out, an engine that nobody knows. No fault strikes from here on.
    func problems() async -> [String]

    /// Whether ``run()`` may fail with this.
    func expects(_ error: any Error) -> Bool

    /// The next operation, which must succeed.
    func proceed() async throws

    /// Closes all that is open, which must succeed.
    func close() async throws

    /// Looks at the files that were left.
    ///
    /// - Parameter end: where they come from.
    func verify(_ end: End) async throws
}

/// How a scenario ended, and the files that it left.
struct End: Sendable {
    /// The directory.
    let directory: String
    /// What ``FaultScenario/run()`` threw; nil for success.
    let error: (any Error)?
    /// Whether they are a copy from the moment after ``FaultScenario/run()``, as if the process had been killed then.
    let isCrash: Bool
}

extension FaultScenario {
    static var stride: FaultStride { .fine }

    func problems() async -> [String] { [] }

    func expects(_ error: any Error) -> Bool { ExpectedError.contains(error) }
}

/// A claim about the state after a fault that does not hold.
struct Broken: Error, CustomStringConvertible {
    let description: String

    init(_ description: String) {
        self.description = description
    }
}

/// Fails the attempt unless `condition` holds.
func require(_ condition: Bool, _ claim: @autoclosure () -> String) throws(Broken) {
    guard condition else { throw Broken(claim()) }
}
