import CProcessor

/// The numbers of a histogram exist several times, each for some of the processors: those that every request writes to
/// would go from one's cache to another's all the time otherwise.
enum Stripe {
    /// A power of two. More would share less, and take more memory and longer to scrape.
    static let count = 4

    /// That of the processor which runs the thread now. It may run on another one at once, so what lies in a stripe is
    /// atomic all the same. A processor that is not known, -1, is as good as any.
    static var current: Int { Int(coffer_processor()) & (count - 1) }
}
