/// Why an engine was closed; the `reason` label of `coffer_engines_closed_total`.
public enum CloseReason: String, Sendable, CaseIterable {
    /// The user's last session and research ended.
    case logout
    /// The reaper found nobody active.
    case reaped
    /// Nobody had used it for a while, although a session is live; no research was.
    case idle
    /// Its descriptors were needed by somebody else.
    case budget
    /// An operator asked.
    case admin
    /// A restore or a change of the key needed the files.
    case maintenance
    /// The account was deleted.
    case deleted
    /// The server stops.
    case drained
}
