import CofferTesting

/// One event as a client sees it.
struct ReceivedEvent: Equatable {
    var id: String?
    var kind: String?
    var data: String?
    var retry: String?
    var isComment = false
}

extension HTTPClient {
    /// Asks for the events of a research; the head of the answer.
    func listen(to research: APIResearch, as token: String, after lastSeen: String? = nil) throws -> HTTPReply {
        var headers = [("Authorization", "Bearer \(token)")]
        if let lastSeen { headers.append(("Last-Event-ID", lastSeen)) }
        try send(Self.encode("GET", "/v1/research/\(research.id)/events", headers: headers))
        return try readHead()
    }

    /// Reads blocks of a stream until `isLast` holds for one, or the stream ends.
    func events(until isLast: (ReceivedEvent) -> Bool) throws -> [ReceivedEvent] {
        var text = ""
        while let chunk = try readChunk() {
            text += String(decoding: chunk, as: UTF8.self)
            guard text.hasSuffix("\n\n") else { continue }
            let events = ReceivedEvent.read(text)
            if events.contains(where: isLast) { return events }
        }
        return ReceivedEvent.read(text)
    }
}

extension ReceivedEvent {
    /// The blocks of a stream.
    static func read(_ text: String) -> [ReceivedEvent] {
        text.split(separator: "\n\n").map { block in
            var event = ReceivedEvent()
            for line in block.split(separator: "\n") {
                let parts = line.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
                let value = parts.count == 2 ? String(parts[1].drop { $0 == " " }) : ""
                switch parts[0] {
                case "id": event.id = value
                case "event": event.kind = value
                case "data": event.data = value
                case "retry": event.retry = value
                case "": event.isComment = true
                default: break
                }
            }
            return event
        }
    }
}
