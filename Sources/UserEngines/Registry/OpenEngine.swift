import Synchronization
import Timekeeping

/// An engine that serves requests, and how many use it.
///
/// A use begins under the registry's lock and ends without it: an engine that is found unused under the lock stays so
/// until the lock is left. Who finds it used, and is to close it when it no longer is, leaves a mark. The mark shares a
/// word with the number of uses, so either the last use sees it when it ends, or who leaves it sees that there is no
/// use. Who waits for descriptors leaves none: see ``uses``.
final class OpenEngine<Engine: AnyObject & Sendable>: Sendable {
    let engine: Engine
    /// Twice the number of uses, and one more for the mark.
    private let word: Atomic<Int>
    private let lastUse: Atomic<Int64>

    init(_ engine: Engine, uses: Int, at now: MonotonicInstant) {
        self.engine = engine
        word = Atomic(uses << 1)
        lastUse = Atomic(now.nanoseconds)
    }

    /// Requests that use it now.
    ///
    /// This, ``endUse()`` and ``DescriptorBudget/waiting`` are of one order (sequentially consistent): who waits for
    /// descriptors, and then finds the engine used, is seen when that use has ended.
    var uses: Int { word.load(ordering: .sequentiallyConsistent) >> 1 }

    /// When it was last marked as used.
    var lastUsed: MonotonicInstant { MonotonicInstant(nanoseconds: lastUse.load(ordering: .relaxed)) }

    /// Counts a use, under the registry's lock.
    func beginUse() {
        word.wrappingAdd(2, ordering: .relaxed)
    }

    /// What the end of a use finds.
    enum End {
        /// Others use the engine.
        case used
        /// Nobody does.
        case unused
        /// Nobody does, and the mark is there.
        case marked
    }

    /// Ends a use, without a lock.
    func endUse() -> End {
        let left = word.wrappingSubtract(2, ordering: .sequentiallyConsistent).newValue
        assert(left >= 0, "a use has ended twice")
        return left > 1 ? .used : left == 1 ? .marked : .unused
    }

    func markUsed(at now: MonotonicInstant) {
        lastUse.store(now.nanoseconds, ordering: .relaxed)
    }

    /// Leaves the mark, under the registry's lock; false if there is no use whose end would find it.
    func awaitLastEnd() -> Bool {
        word.bitwiseOr(1, ordering: .acquiringAndReleasing).oldValue >> 1 > 0
    }

    /// Takes the mark away, under the registry's lock.
    func stopAwaiting() {
        word.bitwiseAnd(~1, ordering: .relaxed)
    }
}
