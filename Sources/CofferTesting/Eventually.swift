/// A condition did not become true in time.
public struct NeverHappened: Error {
    /// Where it was waited for.
    public let location: String
}

/// Polls a condition until it holds; throws ``NeverHappened`` after `limit`.
public func eventually(
    within limit: Duration = .seconds(60), file: StaticString = #fileID, line: UInt = #line,
    _ condition: () async throws -> Bool
) async throws {
    let end = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < end else { throw NeverHappened(location: "\(file):\(line)") }
        try await Task.sleep(for: .milliseconds(2))
    }
}
