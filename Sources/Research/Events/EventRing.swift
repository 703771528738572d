import DequeModule

/// The latest events of a research, encoded and numbered, for those who are late or come back.
struct EventRing {
    /// How much is kept; the latest event always is. A full batch of findings fits, so that it drops nobody.
    struct Limits {
        var count = 2 * FindingDraft.batchLimit
        /// Of the encoded events.
        var bytes = 512 << 10
    }

    private let limits: Limits
    private var events: Deque<[UInt8]> = []
    private var bytes = 0
    /// The number of the oldest event that is kept.
    private(set) var first: UInt64 = 1

    init(_ limits: Limits) {
        self.limits = limits
    }

    /// The number that the next event will have.
    var next: UInt64 { first + UInt64(events.count) }

    /// What has the number `number`; `nil` if it has gone or has not come.
    subscript(number: UInt64) -> [UInt8]? {
        number >= first && number < next ? events[Int(number - first)] : nil
    }

    mutating func append(_ event: [UInt8]) {
        events.append(event)
        bytes += event.count
        while events.count > 1, events.count > limits.count || bytes > limits.bytes {
            bytes -= events.removeFirst().count
            first += 1
        }
    }
}
