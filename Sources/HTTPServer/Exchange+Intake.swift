import CMicroHTTPD
import Glibc
import Timekeeping

// What the event thread does when the header is complete. Each function answers libmicrohttpd's call: `NO` closes the
// connection.
extension Exchange {
    func begin(_ handle: OpaquePointer, method: UnsafePointer<CChar>, version: UnsafePointer<CChar>) -> MHD_Result {
        guard connection.enter(.answering) else { return .NO }
        core.requests.begin()
        let headers = ReceivedHeader.moveFields(of: handle)
        let sentID = headers.withBytes(of: "X-Request-ID", RequestID.init) ?? nil
        let id = sentID ?? connection.identifiers.withLock { $0.next() }
        let method = HTTPMethod(method)
        do throws(Problem) {
            try checkSize(headerBytes: ReceivedHeader.byteCount(of: handle))
            let head = try RequestHead(
                method: method, target: target, isHTTP11: strcmp(version, "HTTP/1.0") != 0, headers: headers)
            return accept(head, id: id, handle)
        } catch {
            // Nobody knows where the body ends. libmicrohttpd closes the connection after an answer given here.
            let request = Request(
                id: id, method: method ?? .other("-"), target: .unread, headers: headers,
                remoteAddress: connection.remoteAddress)
            let response = error.response(requestID: id)
            state.withLock { state in
                state.request = request
                state.answer(response)
            }
            return reply(on: handle)
        }
    }

    private func checkSize(headerBytes: Int) throws(Problem) {
        guard target.bytes.count <= core.configuration.maximumTargetBytes else {
            throw .targetTooLong(limit: core.configuration.maximumTargetBytes)
        }
        guard headerBytes <= core.configuration.maximumHeaderBytes else {
            throw .headerTooLarge(limit: core.configuration.maximumHeaderBytes)
        }
    }

    private func accept(_ head: borrowing RequestHead, id: RequestID, _ handle: OpaquePointer) -> MHD_Result {
        switch core.decide(on: head, to: target) {
        case .answer(let response):
            prepare(head, id: id, response: response)
            return answerUnread(on: handle)
        case .refuse(let problem, let route):
            prepare(head, id: id, route: route, response: problem.response(requestID: id))
            return answerUnread(on: handle)
        case .run(let route, let sink):
            guard case .stream = sink else {
                prepare(head, id: id, route: route, sink: sink)
                return receiveBody()
            }
            let stream = RequestBodyStream(connection: connection, highWater: core.configuration.streamBufferBytes)
            prepare(head, id: id, route: route, sink: sink, stream: stream)
            guard head.hasBody else { return receiveBody() }
            state.withLock { $0.stage = .awaitingDemand }
            startHandlerIfNeeded()
            return awaitDemand(on: handle)
        }
    }

    private func prepare(
        _ head: borrowing RequestHead, id: RequestID, route: Int? = nil, sink: Sink = .nowhere,
        stream: RequestBodyStream? = nil, response: Response? = nil
    ) {
        let isCollected = if case .buffer = sink { true } else { false }
        let request = Request(
            id: id, method: head.method, target: target,
            parameterNames: route.map { core.router.routes[$0].parameterNames } ?? [], headers: head.headers,
            remoteAddress: connection.remoteAddress, bodyStream: stream,
            bodyLength: isCollected ? head.contentLength : 0)
        state.withLock { state in
            state.request = request
            state.route = route
            state.sink = sink
            state.remaining = head.contentLength
            state.expectsContinue = head.expectsContinue && head.hasBody
            if let response { state.answer(response) }
        }
    }

    /// Waits until the handler asks for the body or answers without it. libmicrohttpd sends `100 Continue`, to a client
    /// that waits for it, when this has returned with the connection neither suspended nor answered.
    func awaitDemand(on handle: OpaquePointer) -> MHD_Result {
        guard connection.cut == nil else { return .NO }
        switch connection.suspend(unless: { isAnswered || isDemanded }) {
        case .suspended: return .YES
        case .refused: return .NO
        case .notNeeded: return isAnswered ? answerUnread(on: handle) : receiveBody()
        }
    }

    /// Answers without looking at the body. A small one is read and dropped, so that the connection lives on. A large
    /// one is not asked for, or, where the client sends it unasked, answered past libmicrohttpd.
    private func answerUnread(on handle: OpaquePointer) -> MHD_Result {
        let (expectsContinue, isSmall) = state.withLock { state in
            state.sink = .nowhere
            return (state.expectsContinue, state.isRestSmall)
        }
        if expectsContinue { return reply(on: handle) }
        if isSmall { return receiveBody() }
        replyPastDaemon()
        return .YES
    }

    private func receiveBody() -> MHD_Result {
        let hasBody = state.withLock { state in
            state.stage = .receiving
            return state.remaining != 0
        }
        guard hasBody else { return .YES }
        let windowEnd = core.time.now.advanced(by: core.limits.bodyWindow)
        return connection.enter(.receivingBody(windowEnd: windowEnd, received: 0)) ? .YES : .NO
    }

    var isAnswered: Bool { state.withLock { $0.isAnswered } }

    private var isDemanded: Bool { state.withLock { $0.bodyStream }?.isDemanded ?? true }
}

extension Exchange.State {
    /// Whether so little of the body is missing that it is best read and dropped.
    var isRestSmall: Bool { remaining.map { $0 <= ServerCore.discardLimit } ?? false }
}
