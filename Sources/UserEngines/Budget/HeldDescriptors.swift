import Synchronization

/// Descriptors of the budget that clients hold for as long as they like: of a file that they take, or bring, at their
/// pace.
///
/// All of them together may have half of the budget. So whoever holds some may wait for more: there is always the other
/// half, which comes free without them.
final class HeldDescriptors: Sendable {
    private let budget: DescriptorBudget
    private let count = Atomic(0)

    init(budget: DescriptorBudget) {
        self.budget = budget
    }

    /// Counts one more of them; false if there are too many.
    func take() -> Bool {
        guard count.add(1, ordering: .relaxed).newValue <= budget.capacity / 2 else {
            giveUp()
            return false
        }
        return true
    }

    /// Counts one less that was never in the budget.
    func giveUp() {
        count.subtract(1, ordering: .relaxed)
    }

    /// Counts one less, and gives it back to the budget.
    func release() {
        giveUp()
        budget.release(1)
    }
}

/// The right to one descriptor, given back with the last reference.
public final class DescriptorHold: Sendable {
    private let held: HeldDescriptors

    init(_ held: HeldDescriptors) {
        self.held = held
    }

    deinit {
        held.release()
    }
}
