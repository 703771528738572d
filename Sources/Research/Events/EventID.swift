/// The name of one event: `<epoch>-<number>`. A listener sends the last one that it saw as `Last-Event-ID` to go on
/// from there (https://html.spec.whatwg.org/multipage/server-sent-events.html#the-last-event-id-header).
public struct EventID: Hashable, Sendable, CustomStringConvertible {
    /// The epoch of everything that is sent of a research that has ended; no restart changes it.
    public static let endedEpoch = "ended"

    /// The last event of a research: the `state` that it ended in. Whoever has seen it has seen everything.
    public static let final = EventID(epoch: endedEpoch, number: 1)

    /// What comes before ``final``.
    public static let beforeFinal = EventID(epoch: endedEpoch, number: 0)

    /// The numbers of one research are consecutive within it; random for each start of the process.
    public let epoch: String
    /// The first event of a research in an epoch has 1; 0 stands before it.
    public let number: UInt64

    /// Makes an id.
    public init(epoch: String, number: UInt64) {
        self.epoch = epoch
        self.number = number
    }

    /// Reads the form that ``description`` writes: 1–32 lower-case letters and digits, a hyphen, a decimal number;
    /// `nil` for anything else.
    public init?(_ text: some StringProtocol) {
        let parts = text.utf8.split(separator: UInt8(ascii: "-"), omittingEmptySubsequences: false)
        guard parts.count == 2, (1...32).contains(parts[0].count), (1...20).contains(parts[1].count) else { return nil }
        let isDigit: (UInt8) -> Bool = { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        let isLetter: (UInt8) -> Bool = { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
        guard parts[0].allSatisfy({ isDigit($0) || isLetter($0) }), parts[1].allSatisfy(isDigit),
            let number = UInt64(String(decoding: parts[1], as: UTF8.self))
        else { return nil }
        self.init(epoch: String(decoding: parts[0], as: UTF8.self), number: number)
    }

    /// `<epoch>-<number>`.
    public var description: String { "\(epoch)-\(number)" }

    static func randomEpoch() -> String {
        let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
