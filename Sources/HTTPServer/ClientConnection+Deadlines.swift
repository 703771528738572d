import Glibc
import Timekeeping

/// How long a client may take; see ``ServerConfiguration``.
struct ConnectionLimits {
    let headerTimeout: Duration
    let idleTimeout: Duration
    /// The bytes of a body that must arrive in `bodyWindow`.
    let bodyBytesPerWindow: Int
    /// As long as the header timeout: what is slow there is slow here.
    var bodyWindow: Duration { headerTimeout }
    /// How long a client may take to take `count` bytes; `nil` without a limit.
    func sendingTime(of count: Int64) -> Duration? {
        guard bodyBytesPerWindow > 0 else { return nil }
        let windows = count / Int64(bodyBytesPerWindow)
        // Multiplying durations takes longer than all else that a short answer needs here.
        return windows == 0 ? idleTimeout : idleTimeout + bodyWindow * windows
    }

    /// How long a request is suspended before its client is looked after.
    let probeAfter: Duration = .milliseconds(50)
}

extension ClientConnection {
    /// A request line has come in. The header of a later request gets its full time from here; that of the first has
    /// run since the connection was accepted.
    func begin(_ exchange: Exchange) {
        state.withLock { state in
            state.exchange = exchange
            guard case .awaitingRequest(_, answers: false) = state.phase else { return }
            let deadline = exchange.startedAt.advanced(by: core.limits.headerTimeout)
            state.phase = .awaitingRequest(until: deadline, answers: true)
        }
    }

    /// The exchange is over; the next request line must come by `deadline`.
    func end(nextRequestBy deadline: MonotonicInstant) {
        state.withLock { state in
            state.exchange = nil
            switch state.phase {
            case .answering, .sending: state.phase = .awaitingRequest(until: deadline, answers: false)
            case .awaitingRequest, .receivingBody, .lingering, .cut: break
            }
        }
    }

    /// Counts bytes of a body for its minimum rate; false if the connection has been given up.
    func receivedBody(_ count: Int) -> Bool {
        state.withLock { state in
            if case .receivingBody(let windowEnd, let received) = state.phase {
                state.phase = .receivingBody(windowEnd: windowEnd, received: received + count)
            }
            return state.cut == nil
        }
    }

    /// Enforces the deadlines. Whether the client should be probed: it waits for a suspended request. `timeoutAnswer`
    /// gets the request's id, which there is none of before the header is complete.
    func check(
        at now: MonotonicInstant, limits: ConnectionLimits, timeoutAnswer: (RequestID?) -> [UInt8]
    ) -> Bool {
        state.withLock { state in
            guard !state.isClosed else { return false }
            switch state.phase {
            case .awaitingRequest(let deadline, let answers):
                if now >= deadline { state.cut(socket, .tooSlow, answer: answers ? timeoutAnswer(nil) : []) }
            case .receivingBody(let windowEnd, let received):
                if state.suspendedSince != nil {
                    // The client waits for us, not we for it.
                    state.phase = .receivingBody(windowEnd: now.advanced(by: limits.bodyWindow), received: 0)
                } else if now >= windowEnd {
                    if received < limits.bodyBytesPerWindow {
                        state.cut(socket, .tooSlow, answer: timeoutAnswer(state.exchange?.requestID))
                    } else {
                        state.phase = .receivingBody(windowEnd: now.advanced(by: limits.bodyWindow), received: 0)
                    }
                }
            case .lingering(let deadline):
                if now >= deadline { state.cut(socket, .answered, answer: []) }
            case .sending(let deadline):
                if now >= deadline { state.cut(socket, .tooSlow, answer: []) }
            case .answering, .cut:
                break
            }
            return state.suspendedSince.map { now >= $0.advanced(by: limits.probeAfter) } ?? false
        }
    }

    /// Gives the connection up because its client has.
    func clientHasGone() {
        let exchange = state.withLock { state -> Exchange? in
            guard !state.isClosed, state.suspendedSince != nil, state.cut == nil else { return nil }
            state.cut(socket, .clientGone, answer: [])
            return state.exchange
        }
        exchange?.cancel()
        resume()
    }

    /// Gives the connection up; libmicrohttpd finds its socket shut down.
    func cutOff(_ reason: Cut) {
        state.withLock { $0.cut(socket, reason, answer: []) }
        resume()
    }

    /// Sends an answer past libmicrohttpd, which takes none while it reads a body, and lets the client read it: the
    /// rest of the body is still received, since closing a socket with unread data would reset the connection and
    /// could destroy the answer on its way.
    func answerEarly(_ answer: [UInt8], lingerUntil deadline: MonotonicInstant) {
        state.withLock { state in
            guard !state.isClosed, state.cut == nil else { return }
            socket.sendBestEffort(answer)
            shutdown(socket, Int32(SHUT_WR))
            state.phase = .lingering(until: deadline)
        }
        resume()
    }
}

extension ClientConnection.State {
    fileprivate mutating func cut(_ socket: Int32, _ reason: ClientConnection.Cut, answer: [UInt8]) {
        guard !isClosed, cut == nil else { return }
        phase = .cut(reason)
        if !answer.isEmpty { socket.sendBestEffort(answer) }
        shutdown(socket, Int32(SHUT_RDWR))
    }
}

extension Int32 {
    /// Writes what the socket's buffer takes now.
    fileprivate func sendBestEffort(_ bytes: [UInt8]) {
        let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
        _ = bytes.withUnsafeBytes { send(self, $0.baseAddress, $0.count, flags) }
    }
}
