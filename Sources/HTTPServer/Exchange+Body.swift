import CMicroHTTPD

// What the event thread does while the body comes in.
extension Exchange {
    /// Takes in a piece of the body; how much of it was used, or `nil` to close the connection. libmicrohttpd offers
    /// the rest again after a resume, and, within one pass over its buffer, even while the connection is suspended.
    func receive(_ bytes: UnsafeMutableRawBufferPointer) -> Int? {
        if connection.isOutOfLoop { return 0 }
        guard connection.cut == nil else { return nil }
        let (sink, received) = state.withLock { state in
            state.received += Int64(bytes.count)
            state.remaining? -= Int64(bytes.count)
            return (state.sink, state.received)
        }
        connection.receivedBody(bytes.count)
        switch sink {
        case .nowhere:
            break
        case .buffer(let body, let limit):
            guard received <= limit else {
                refuseRest(limit: limit)
                break
            }
            body.append(UnsafeRawBufferPointer(bytes), expecting: expectedCount)
        case .stream(let stream, let limit):
            guard received <= limit else {
                stream.finish(.failure(Problem.bodyTooLarge(limit: limit)))
                break
            }
            stream.append(UnsafeRawBufferPointer(bytes))
            if stream.isFull, connection.suspend(unless: { !stream.isFull }) == .refused { return nil }
        }
        // libmicrohttpd frees this memory unwiped when the connection closes, and does not look at used bytes again.
        bytes.wipe()
        return bytes.count
    }

    private var expectedCount: Int {
        state.withLock { state in state.remaining.map { Int(state.received + $0) } ?? 0 }
    }

    /// A chunked body has outgrown its limit before its handler started.
    private func refuseRest(limit: Int64) {
        let isFirst = state.withLock { state in
            state.sink = .nowhere
            guard state.response == nil, let request = state.request else { return false }
            state.response = Problem.bodyTooLarge(limit: limit).response(requestID: request.id)
            return true
        }
        if isFirst { replyPastDaemon() }
    }

    /// The whole request is here, or a suspended request is looked at again.
    func proceed(on handle: OpaquePointer) -> MHD_Result {
        guard connection.cut == nil else { return .NO }
        let (stage, sink, isAnswered) = state.withLock { state in
            defer { if state.stage == .receiving { state.stage = .received } }
            return (state.stage, state.sink, state.response != nil)
        }
        switch stage {
        case .receiving:
            guard connection.enter(.answering) else { return .NO }
            if case .stream(let stream, _) = sink { stream.finish(.success(())) }
            if !isAnswered { startHandlerUnlessStarted() }
        case .received:
            break
        case .head, .awaitingDemand, .responding, .answeredUnread, .over:
            return .NO
        }
        return replyWhenAnswered(on: handle)
    }
}
