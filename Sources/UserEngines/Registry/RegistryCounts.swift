import Synchronization

/// How many engines there are in each state.
struct RegistryCounts: Equatable {
    var opening = 0
    var open = 0
    var closing = 0
}

/// The counts of the last transition, readable without the registry's lock.
final class PublishedCounts: Sendable {
    private let opening = Atomic(0)
    private let open = Atomic(0)
    private let closing = Atomic(0)

    func store(_ counts: RegistryCounts) {
        opening.store(counts.opening, ordering: .relaxed)
        open.store(counts.open, ordering: .relaxed)
        closing.store(counts.closing, ordering: .relaxed)
    }

    func load() -> RegistryCounts {
        RegistryCounts(
            opening: opening.load(ordering: .relaxed), open: open.load(ordering: .relaxed),
            closing: closing.load(ordering: .relaxed))
    }
}
