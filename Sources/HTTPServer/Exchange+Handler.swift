import Logging

// The handler, on this thread or in a task.
extension Exchange {
    /// Runs the handler, or starts it in a task that a client's leaving or the server's stop cancels; not a second
    /// time, and not for a request that is answered.
    func startHandlerIfNeeded() {
        let (route, request) = state.withLock { state in
            guard !state.isStarted, !state.isAnswered else { return (nil as Int?, nil as Request?) }
            state.isStarted = true
            return (state.route, state.request)
        }
        guard let route, let request else { return }
        do {
            switch try core.router.routes[route].handler(request) {
            case .now(let response): store(response)
            case .later(let dispatch, let work): start(request, dispatch, work)
            }
        } catch {
            store(failure(error, of: request))
        }
    }

    private func start(
        _ request: Request, _ dispatch: Dispatch, _ work: @escaping @Sendable () async throws -> Response
    ) {
        state.withLock { $0.dispatch = dispatch }
        core.tasks.begin()
        let task = Task(executorPreference: core.executor(for: dispatch)) { [self] in
            do {
                answer(try await work())
            } catch {
                answer(failure(error, of: request))
            }
            core.tasks.end()
        }
        keep(task) { !$0.isAnswered }
    }

    /// Keeps a task for ``cancel()``, unless it is over already.
    func keep(_ task: Task<Void, Never>, while isRunning: (State) -> Bool) {
        let isCancelled = state.withLock { state in
            if state.stage != .over && isRunning(state) { state.task = task }
            return state.isCancelled
        }
        if isCancelled { task.cancel() }
    }

    /// What the client is told when the handler has thrown.
    private func failure(_ error: any Error, of request: Request) -> Response {
        if let problem = error as? Problem { return problem.response(requestID: request.id) }
        if state.withLock({ $0.isCancelled }) { return Problem.draining.response(requestID: request.id) }
        let problem = core.problem(error)
        if problem.status.rawValue >= 500 { log(error, of: request) }
        return problem.response(requestID: request.id)
    }

    /// Says what kind of error it was, and what is known to be fit for a log: its own text could carry what is not.
    private func log(_ error: any Error, of request: Request) {
        var metadata: Logger.Metadata = ["request_id": "\(request.id)", "error": "\(type(of: error))"]
        if let text = core.logText(error) { metadata["cause"] = "\(text)" }
        core.logger.error("handler failed", metadata: metadata)
    }

    private enum Next { case nothing, wakeEventThread, replyPastDaemon }

    /// Gives the client its response, from a task. Only the first one counts.
    private func answer(_ response: Response) {
        switch store(response) {
        case .nothing: break
        case .wakeEventThread: connection.resume()
        case .replyPastDaemon: replyPastDaemon()
        }
    }

    /// Keeps the response until it is sent: what is to be done for that from another thread. The event thread, when it
    /// runs a handler, has left the stage of receiving, and sends the response itself.
    @discardableResult private func store(_ response: Response) -> Next {
        state.withLock { state in
            state.task = nil
            guard !state.isAnswered, state.stage != .over else { return .nothing }
            state.answer(response)
            guard state.stage == .receiving else { return .wakeEventThread }
            // The handler of a streamed body has stopped reading.
            guard state.isRestSmall else { return .replyPastDaemon }
            state.sink = .nowhere
            return .wakeEventThread
        }
    }
}
