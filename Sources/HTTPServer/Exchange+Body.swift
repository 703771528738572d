import CMicroHTTPD

// What the event thread does while the body comes in.
extension Exchange {
    /// Takes in a piece of the body; how much of it was used, or `nil` to close the connection. libmicrohttpd offers
    /// the rest again after a resume, and, within one pass over its buffer, even while the connection is suspended.
    func receive(_ bytes: UnsafeMutableRawBufferPointer) -> Int? {
        if connection.isOutOfLoop { return 0 }
        guard connection.receivedBody(bytes.count) else { return nil }
        let (sink, request, received, remaining) = state.withLock { state in
            state.received += Int64(bytes.count)
            state.remaining? -= Int64(bytes.count)
            return (state.sink, state.request, state.received, state.remaining)
        }
        switch sink {
        case .nowhere:
            if received > ServerCore.discardLimit { refuseRest(limit: ServerCore.discardLimit) }
        case .buffer(let limit):
            guard received <= limit else {
                refuseRest(limit: limit)
                break
            }
            request?.body.append(
                UnsafeRawBufferPointer(bytes), expecting: remaining.map { Int(received + $0) } ?? 0)
        case .stream(let limit):
            guard let stream = request?.bodyStream else { break }
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

    /// A chunked body has outgrown its limit before its handler started.
    private func refuseRest(limit: Int64) {
        let isFirst = state.withLock { state in
            state.sink = .nowhere
            guard !state.isAnswered, let request = state.request else { return false }
            state.answer(Problem.bodyTooLarge(limit: limit).response(requestID: request.id))
            return true
        }
        if isFirst { replyPastDaemon() }
    }

    /// The whole request is here, or a suspended request is looked at again.
    func proceed(on handle: OpaquePointer) -> MHD_Result {
        let (stage, stream) = state.withLock { state in
            defer { if state.stage == .receiving { state.stage = .received } }
            return (state.stage, state.bodyStream)
        }
        switch stage {
        case .receiving:
            guard connection.enter(.answering) else { return .NO }
            stream?.finish(.success(()))
            startHandlerIfNeeded()
        case .received:
            guard connection.cut == nil else { return .NO }
        case .head, .awaitingDemand, .responding, .answeredUnread, .over:
            return .NO
        }
        return replyWhenAnswered(on: handle)
    }
}
