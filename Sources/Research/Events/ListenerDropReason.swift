/// Why a listener was sent away before its research ended. One that went by itself was not.
public enum ListenerDropReason: String, Sendable, CaseIterable {
    /// Events that it had not taken have left the ring.
    case slow
    /// The session that it listened by has ended.
    case sessionEnded = "session_ended"
    /// The server stops.
    case draining
}
