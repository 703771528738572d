import CMicroHTTPD
import Logging
import Timekeeping

// The response on its way out.
extension Exchange {
    /// Replies if the handler has answered, else suspends the connection until it does.
    func replyWhenAnswered(on handle: OpaquePointer) -> MHD_Result {
        if isAnswered { return reply(on: handle) }
        return switch connection.suspend(unless: { isAnswered }) {
        case .suspended: .YES
        case .notNeeded: reply(on: handle)
        case .refused: .NO
        }
    }

    /// Queues the response, which is there.
    func reply(on handle: OpaquePointer) -> MHD_Result {
        guard let answer = takeAnswer(), connection.enter(phase(ofSending: answer.count)) else { return .NO }
        let stream = makeStream(for: answer.response)
        let isHead = answer.request.isHead
        let queueable = MHDResponse(
            answer.response, requestID: answer.request.id, stream: stream, isHead: isHead, closes: core.isDraining)
        guard let queueable, queueable.queue(on: handle, status: answer.response.status) else {
            core.logger.error(
                "response could not be queued",
                metadata: ["request_id": "\(answer.request.id)", "status": "\(answer.response.status.rawValue)"])
            return .NO
        }
        if case .stream(_, let produce) = answer.response.body, let stream {
            if isHead {
                stream.finish(complete: true)
            } else {
                startProducer(produce, stream, requestID: answer.request.id)
            }
        }
        return .YES
    }

    /// What is sent. Not copyable, for its parts would be copied with it.
    private struct Answer: ~Copyable {
        let response: Response
        let request: Request
        /// The length of the body; `nil` for a stream.
        let count: Int64?
    }

    private func takeAnswer() -> Answer? {
        state.withLock { state in
            guard let response = state.response.take(), let request = state.request else { return nil }
            state.stage = .responding
            return Answer(response: response, request: request, count: state.responseBytes)
        }
    }

    /// A stream whose client is slow is its producer's to give up.
    private func phase(ofSending count: Int64?) -> ClientConnection.Phase {
        guard let time = count.flatMap({ core.limits.sendingTime(of: $0) }) else { return .answering }
        return .sending(until: core.time.now.advanced(by: time))
    }

    private func makeStream(for response: Response) -> ResponseStream? {
        guard case .stream = response.body else { return nil }
        let stream = ResponseStream(connection: connection, highWater: core.configuration.streamBufferBytes)
        state.withLock { $0.responseStream = stream }
        return stream
    }

    private func startProducer(
        _ produce: @escaping @Sendable (BodyWriter) async throws -> Void, _ stream: ResponseStream, requestID: RequestID
    ) {
        core.tasks.begin()
        let dispatch = state.withLock { $0.dispatch ?? .light }
        let task = Task(executorPreference: core.executor(for: dispatch)) { [core] in
            do {
                try await produce(BodyWriter(stream: stream))
                stream.finish(complete: true)
            } catch {
                stream.finish(complete: false)
                if !(error is ClientGone || error is ClientTooSlow || error is CancellationError) {
                    core.logger.error(
                        "streamed response failed",
                        metadata: ["request_id": "\(requestID)", "error": "\(type(of: error))"])
                }
            }
            core.tasks.end()
        }
        keep(task) { _ in true }
    }

    /// Sends the response, which is there, past libmicrohttpd, which takes none before the whole body is read; the rest
    /// of the body is dropped and the connection closes.
    func replyPastDaemon() {
        let answer = state.withLock { state -> (Response, Request)? in
            // The rest of the body may have come, and the event thread have sent it.
            guard let response = state.response.take(), let request = state.request else { return nil }
            state.sink = .nowhere
            state.stage = .answeredUnread
            return (response, request)
        }
        guard let (response, request) = answer else { return }
        guard let bytes = RawResponse.encode(response, requestID: request.id, isHead: request.isHead) else {
            return connection.cutOff(.answered)
        }
        // It costs no more than an idle connection, and lives no longer.
        connection.answerEarly(bytes, lingerUntil: core.time.now.advanced(by: core.limits.idleTimeout))
    }

    /// libmicrohttpd is done with the request, and does not call again.
    func complete(_ termination: MHD_RequestTerminationCode) {
        let ended = state.withLock { state in
            // A handler that still runs is cancelled, also one whose task is not kept yet.
            var ended = State(stage: .over, isCancelled: true)
            swap(&ended, &state)
            return ended
        }
        if ended.stage != .responding || termination != .REQUEST_TERMINATED_COMPLETED_OK {
            ended.task?.cancel()
        }
        ended.bodyStream?.finish(.failure(ClientGone()))
        ended.responseStream?.abandon()
        let cut = connection.cut
        let now = core.time.now
        connection.end(nextRequestBy: now.advanced(by: core.limits.idleTimeout))
        report(ended, termination, cut, at: now)
    }

    private func report(
        _ ended: borrowing State, _ termination: MHD_RequestTerminationCode, _ cut: ClientConnection.Cut?,
        at now: MonotonicInstant
    ) {
        let isComplete = termination == .REQUEST_TERMINATED_COMPLETED_OK || ended.stage == .answeredUnread
        let finished = FinishedRequest(
            route: ended.route, method: ended.request?.method ?? .other("-"),
            status: ended.reportedStatus(termination, cut),
            duration: startedAt.duration(to: now),
            bytesSent: ended.bytesSent(isComplete: isComplete), isCutShort: ended.stage == .responding && !isComplete)
        if finished.logLevel >= core.logLevel {
            finished.log(
                to: core.logger, route: ended.route.map { core.router.routes[$0].template },
                path: ended.request?.path ?? "-", id: ended.request?.id.description ?? "-",
                client: connection.remoteAddress)
        }
        guard ended.request != nil else { return }
        core.observer.requestFinished(finished)
        core.requests.end()
    }
}

extension Exchange.State {
    fileprivate func reportedStatus(
        _ termination: MHD_RequestTerminationCode, _ cut: ClientConnection.Cut?
    ) -> HTTPStatus {
        switch stage {
        case .responding, .answeredUnread: status ?? .clientGone
        case .head, .awaitingDemand, .receiving, .received, .over:
            if cut == .tooSlow || termination == .REQUEST_TERMINATED_TIMEOUT_REACHED {
                .requestTimeout
            } else if cut == nil && isCancelled || termination == .REQUEST_TERMINATED_DAEMON_SHUTDOWN {
                .serviceUnavailable
            } else {
                .clientGone
            }
        }
    }

    fileprivate func bytesSent(isComplete: Bool) -> Int {
        guard stage == .responding || stage == .answeredUnread, request?.isHead != true else { return 0 }
        if let responseStream { return responseStream.sent }
        return isComplete ? Int(responseBytes ?? 0) : 0
    }
}
