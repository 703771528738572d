import Synchronization

/// A flag that one thread or callback sets and another reads.
final class SharedFlag: Sendable {
    private let flag = Atomic(false)

    var isSet: Bool { flag.load(ordering: .acquiring) }

    func set(_ value: Bool = true) { flag.store(value, ordering: .releasing) }
}
