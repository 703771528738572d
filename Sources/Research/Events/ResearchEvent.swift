/// Something that happened to a research, as its listeners are told.
public struct ResearchEvent: Sendable {
    /// What it tells.
    public enum Kind: String, Sendable, CaseIterable {
        /// The work got further.
        case progress
        /// The worker has something to say.
        case message
        /// A finding was added.
        case finding
        /// The research changed its state.
        case state
        /// Events between the last one seen and the next are missing: read the record and the findings again.
        case reset
    }

    /// Its name.
    public let id: EventID
    /// What it tells.
    public let kind: Kind
    /// The data: one line of JSON.
    public let json: [UInt8]

    /// Makes an event. `json` holds no line break, as ``JSONWriter`` writes it.
    public init(id: EventID, kind: Kind, json: [UInt8]) {
        assert(!json.contains(UInt8(ascii: "\n")) && !json.contains(UInt8(ascii: "\r")), "a line break ends the data")
        self.id = id
        self.kind = kind
        self.json = json
    }

    /// The event in `text/event-stream`
    /// (https://html.spec.whatwg.org/multipage/server-sent-events.html#parsing-an-event-stream).
    public var encoded: [UInt8] {
        var text = Array("id: \(id)\nevent: \(kind.rawValue)\ndata: ".utf8)
        text.reserveCapacity(text.count + json.count + 2)
        text += json
        text += [UInt8(ascii: "\n"), UInt8(ascii: "\n")]
        return text
    }
}

/// What a stream holds beside events.
public enum EventStreamText {
    /// A comment, which keeps proxies and the client from taking a quiet stream for a dead one.
    public static let heartbeat = Array(":\n\n".utf8)

    /// How long a client waits before it connects again.
    public static let retry = Array("retry: 3000\n\n".utf8)

    /// An event without an id. `json` is one line.
    public static func event(_ name: String, _ json: some Sequence<UInt8>) -> [UInt8] {
        Array("event: \(name)\ndata: ".utf8) + json + Array("\n\n".utf8)
    }

    /// The beginning: how long a client waits before it connects again, and where it then goes on, also if no event
    /// has come until then. It dispatches nothing, since it has no data.
    static func opening(resumingAfter id: EventID) -> [UInt8] {
        Array("retry: 3000\nid: \(id)\n\n".utf8)
    }

    /// The whole stream of a research that has ended, for a client that has seen the event `lastSeen`, if any.
    public static func ended(_ state: ResearchRecord.State, lastSeen: EventID?) -> [UInt8] {
        var text = opening(resumingAfter: .beforeFinal)
        if let lastSeen, lastSeen != .beforeFinal {
            text += ResearchEvent(id: .beforeFinal, kind: .reset, json: emptyObject).encoded
        }
        return text + ResearchEvent(id: .final, kind: .state, json: EventText.state(state)).encoded
    }

    static let emptyObject = Array("{}".utf8)
}
