import Synchronization
import Timekeeping

/// One request and its response, from the request line to libmicrohttpd's completion callback, which frees it.
///
/// The event thread drives it by libmicrohttpd's callbacks; handlers run in tasks of their own and never touch the
/// connection. They meet under `state`, whose lock is never held while ``ClientConnection`` is called.
final class Exchange: Sendable {
    enum Stage {
        /// The request line is here. → awaitingDemand, receiving, answeredUnread, responding
        case head
        /// The handler runs, and the body waits until it asks for it. → receiving, answeredUnread, responding
        case awaitingDemand
        /// The body comes in, if there is one. → received, answeredUnread
        case receiving
        /// The whole request is here, and the handler runs. → responding
        case received
        /// libmicrohttpd has the response. → over
        case responding
        /// The response was sent past libmicrohttpd, and the rest of the body is dropped. → over
        case answeredUnread
        /// libmicrohttpd is done with it.
        case over
    }

    /// Where the body goes: nowhere, or into that of the request, up to `limit` bytes.
    enum Sink {
        case nowhere
        case buffer(limit: Int64)
        case stream(limit: Int64)
    }

    struct State {
        var stage = Stage.head
        var sink = Sink.nowhere
        var request: Request?
        /// The number of its route.
        var route: Int?
        /// Where the handler's task runs, if it has one.
        var dispatch: Dispatch?
        /// What was announced of the body and has not come; `nil` for a chunked one.
        var remaining: Int64? = 0
        var received: Int64 = 0
        /// The client sends the body when it is told to.
        var expectsContinue = false
        var isStarted = false
        var task: Task<Void, Never>?
        var isCancelled = false
        /// The answer, until it is sent.
        var response: Response?
        /// The status of the answer, once there is one.
        var status: HTTPStatus?
        /// The length of the answer's body; `nil` for a stream.
        var responseBytes: Int64?
        /// The file that the answer sends, and with it what must last until it is sent.
        var responseFile: FileContent?
        var responseStream: ResponseStream?

        var isAnswered: Bool { status != nil }

        /// The stream that the body goes into, if it does.
        var bodyStream: RequestBodyStream? {
            if case .stream = sink { request?.bodyStream } else { nil }
        }

        mutating func answer(_ answer: consuming Response) {
            status = answer.status
            responseBytes = answer.body.count
            if case .file(let content) = answer.body { responseFile = content }
            response = answer
        }
    }

    let connection: ClientConnection
    let target: ResolvedTarget
    let startedAt: MonotonicInstant
    let state = Mutex(State())

    init(_ connection: ClientConnection, target: ResolvedTarget) {
        self.connection = connection
        self.target = target
        startedAt = connection.core.time.now
    }

    var core: ServerCore { connection.core }

    /// That of the request, once its header is here.
    var requestID: RequestID? { state.withLock { $0.request?.id } }

    /// Cancels the handler, because nobody will read its answer or because the server stops.
    func cancel() {
        let (task, stream) = state.withLock { state in
            state.isCancelled = true
            return (state.task, state.bodyStream)
        }
        stream?.finish(.failure(ClientGone()))
        task?.cancel()
    }
}
