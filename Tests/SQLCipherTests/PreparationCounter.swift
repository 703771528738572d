import SQLCipher
import Synchronization

/// Allows everything and counts the SELECTs that are prepared.
final class PreparationCounter: StatementAuthorizer {
    private let count = Atomic(0)

    var selects: Int { count.load(ordering: .relaxed) }

    func authorize(_ action: borrowing AuthorizerAction) -> AuthorizerDecision {
        if action.operation == .select { count.add(1, ordering: .relaxed) }
        return .allow
    }
}
