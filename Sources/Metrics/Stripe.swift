import CProcessor

/// What every request writes to exists several times, each for a few of the processors: it would go from one's cache to
/// another's all the time otherwise.
enum Stripe {
    /// A power of two.
    static let count = 4

    /// That of the processor which runs the thread now. It may run on another one at once, so what lies in a stripe is
    /// atomic all the same.
    static var current: Int { Int(coffer_processor()) & (count - 1) }
}
