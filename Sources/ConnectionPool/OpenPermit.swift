import Synchronization

/// The right to open one connection. It stands for a slot that was counted before the open began.
///
/// The state machine makes it, and takes it back exactly once: as opened, as failed or as abandoned. One that is
/// dropped would take its slot with it, so dropping traps.
struct OpenPermit: ~Copyable, Sendable {
    /// The slot that is being filled.
    let slot: SlotID

    /// Ends the permit and tells which slot it stood for.
    consuming func spend() -> SlotID {
        let slot = slot
        discard self
        return slot
    }

    deinit {
        precondition(false, "an open permit was dropped: its slot would be lost")
    }
}

/// Carries a permit from the transition that granted it into the task that opens, which as an escaping closure cannot
/// capture a noncopyable value.
final class OpenOrder: Sendable {
    private let permit: Mutex<OpenPermit?>

    init(_ permit: consuming OpenPermit) {
        self.permit = Mutex(permit)
    }

    /// The permit, for the one task that was started for this order.
    func take() -> OpenPermit {
        permit.withLock { $0.take()! }
    }
}
