import CofferTesting
import Testing

@testable import ConnectionPool

@Suite("Every combination of ok, error, slow, never and cancelled over open, check, use, reset and close")
struct CombinationTests {
    @Test("4 users of a pool of 2 all return, and nothing stays open", arguments: StepOutcome.allCases, [1, 2])
    func combination(open: StepOutcome, times: Int) {
        for combination in Combination.all(open: open, times: times) {
            let run = CombinationRun(combination)
            let first = run.playUsers()
            // Long enough for what is idle to need a check.
            run.fixture.advance(by: .seconds(31))
            let second = run.playUsers()
            #expect(run.close()?.total == 0, "\(combination)")
            for user in first + second {
                #expect(isExplained(user, by: combination), "\(combination): \(String(describing: user.result))")
            }
            #expect(run.fixture.driver.mostOpen <= 2, "\(combination)")
            run.fixture.tearDown(#_sourceLocation)
        }
    }

    /// Whether the combination can be the cause of how a user ended; nobody fails for nothing, and nobody is left
    /// waiting.
    private func isExplained(_ user: Attempt<Void>, by combination: Combination) -> Bool {
        switch user.result {
        case nil: false
        case .success: true
        case .failure(FakeError.broken): combination.use == .error
        // An interrupt comes with a cancellation, or with the close that ends what never ends.
        case .failure(FakeError.interrupted): combination.outcomes.contains(.cancelled) || combination.use == .never
        case .failure(let error as PoolError):
            switch error {
            case .openFailed: combination.open == .error
            case .timeout: combination.outcomes.contains(.never)
            case .cancelled: combination.outcomes.contains(.cancelled)
            default: false
            }
        case .failure: false
        }
    }
}
