import Timekeeping

/// A pooled connection as the state machine sees it. The type is erased so that the machine is one concrete type, which
/// the compiler specializes; ``ConnectionPool`` puts in and takes out only its driver's connections.
typealias PooledConnection = any AnyObject & Sendable

/// Names one connection: the slot it sits in, and which of the connections that have sat there it is.
struct SlotID: Hashable, Sendable {
    let index: Int
    let serial: UInt64
}

/// One lease: the slot, and a number that no other lease of the pool has.
struct LeaseTicket: Hashable, Sendable {
    let index: Int
    let number: UInt64
}

/// A lease as it is handed to whoever acquired it.
struct Grant: Sendable {
    let ticket: LeaseTicket
    let connection: PooledConnection
    /// Nanoseconds in the queue.
    let waited: Int64
}

/// What the machine keeps about a lease that is out.
struct LeaseRecord {
    let number: UInt64
    let site: AcquireSite
    let since: MonotonicInstant
    var isSuspected = false
}

/// The place of one connection, counted from before its open begins until its close has returned.
struct PoolSlot {
    enum Phase {
        case vacant  // → opening
        case opening(since: MonotonicInstant)  // → idle, leased, closing, vacant
        /// `before` is the idle slot that became so next before this one.
        case idle(since: MonotonicInstant, before: Int?)  // → leased, checking, closing
        case checking(since: MonotonicInstant)  // → idle, leased, closing
        case leased(LeaseRecord)  // → resetting
        case resetting(LeaseRecord)  // → idle, leased, closing
        case closing  // → vacant
    }

    var serial: UInt64 = 0
    var phase = Phase.vacant
    /// Present from the end of the open to the end of the close.
    var connection: PooledConnection?
    var expiresAt = MonotonicInstant(nanoseconds: .max)
    /// Set when the connection must not be used again after the lease that is out.
    var evictionMark: EvictionReason?

    /// Since when it has been idle, if it is.
    var idleSince: MonotonicInstant? {
        if case .idle(let since, _) = phase { since } else { nil }
    }

    /// Whether the open or the health check began so lately that a waiter may count on it.
    func isArriving(after begin: MonotonicInstant) -> Bool {
        switch phase {
        case .opening(let since), .checking(let since): since > begin
        case .vacant, .idle, .leased, .resetting, .closing: false
        }
    }

    /// Whether a health check is under way that began so lately that a waiter may count on it.
    func isBeingChecked(after begin: MonotonicInstant) -> Bool {
        guard case .checking(let since) = phase else { return false }
        return since > begin
    }
}

extension MonotonicInstant {
    func nanoseconds(since earlier: MonotonicInstant) -> Int64 {
        nanoseconds &- earlier.nanoseconds
    }

    func advanced(byNanoseconds nanoseconds: Int64) -> MonotonicInstant {
        let (sum, overflow) = self.nanoseconds.addingReportingOverflow(nanoseconds)
        return MonotonicInstant(nanoseconds: overflow ? .max : sum)
    }
}
