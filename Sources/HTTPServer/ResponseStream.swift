import CMicroHTTPD
import DequeModule
import Glibc
import JSON
import Synchronization

/// A response body between the task that writes it and the event thread that sends it.
final class ResponseStream: Sendable {
    fileprivate enum Ending { case complete, broken }

    fileprivate struct State {
        var chunks: Deque<Bytes> = []
        /// How much of the first chunk has been sent.
        var offset = 0
        var buffered = 0
        var sent = 0
        /// Nobody reads any more.
        var isAbandoned = false
        /// A writer may wait for a client that is slow.
        var mayWait = true
        var ending: Ending?
        var waiter: CheckedContinuation<Void, any Error>?
    }

    private let state = Mutex(State())
    private let highWater: Int
    private let connection: ClientConnection

    init(connection: ClientConnection, highWater: Int) {
        self.connection = connection
        self.highWater = highWater
    }

    /// The number of bytes handed to libmicrohttpd.
    var sent: Int { state.withLock { $0.sent } }

    // MARK: - The writing task

    func write(_ bytes: Bytes) async throws {
        guard !bytes.isEmpty else { return }
        try Task.checkCancellation()
        let (isFull, mayWait) = try state.withLock { state in
            guard !state.isAbandoned else { throw ClientGone() }
            state.chunks.append(bytes)
            state.buffered += bytes.count
            return (state.buffered > highWater, state.mayWait)
        }
        if isFull && !mayWait { connection.cutOff(.clientGone) }
        connection.resume()
        if isFull { try await waitForRoom() }
    }

    /// From now on nobody waits for the client. If somebody does, or is about to, the connection is cut.
    func stopWaiting() {
        let (waiter, isFull) = state.withLock { state in
            state.mayWait = false
            defer { state.waiter = nil }
            return (state.waiter, state.waiter != nil || state.buffered > highWater)
        }
        if isFull { connection.cutOff(.clientGone) }
        waiter?.resume(throwing: ClientGone())
    }

    /// Ends the body; `complete` says whether the client got all of it.
    func finish(complete: Bool) {
        state.withLock { $0.ending = complete ? .complete : .broken }
        connection.resume()
    }

    private func waitForRoom() async throws {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result: Result<Void, any Error>? = state.withLock { state in
                    if state.isAbandoned || !state.mayWait { return .failure(ClientGone()) }
                    if state.buffered <= highWater / 2 { return .success(()) }
                    // A cancellation that came before this found no waiter to wake.
                    if Task.isCancelled { return .failure(CancellationError()) }
                    state.waiter = continuation
                    return nil
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            takeWaiter { _ in true }?.resume(throwing: CancellationError())
        }
    }

    private func takeWaiter(when condition: (State) -> Bool) -> CheckedContinuation<Void, any Error>? {
        state.withLock { state in
            guard condition(state) else { return nil }
            defer { state.waiter = nil }
            return state.waiter
        }
    }

    // MARK: - The event thread

    /// Fills `buffer`, or says how the body ends, or suspends the connection until there is something to send.
    func read(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        if let result = take(into: buffer) { return result }
        switch connection.suspend(unless: { hasSomethingToSay }) {
        case .suspended: return 0
        case .notNeeded: return take(into: buffer) ?? MHD_CONTENT_READER_END_WITH_ERROR
        case .refused: return MHD_CONTENT_READER_END_WITH_ERROR
        }
    }

    /// Whoever reads is gone: writers fail from now on.
    func abandon() {
        let waiter = state.withLock { state in
            state.isAbandoned = true
            state.chunks = []
            state.buffered = 0
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(throwing: ClientGone())
    }

    private var hasSomethingToSay: Bool {
        state.withLock { $0.buffered > 0 || $0.ending != nil || $0.isAbandoned }
    }

    private func take(into buffer: UnsafeMutableRawBufferPointer) -> Int? {
        let taken: Int? = state.withLock { state in
            if state.isAbandoned { return MHD_CONTENT_READER_END_WITH_ERROR }
            guard state.buffered > 0 else {
                return state.ending.map {
                    $0 == .complete ? MHD_CONTENT_READER_END_OF_STREAM : MHD_CONTENT_READER_END_WITH_ERROR
                }
            }
            return state.copy(into: buffer)
        }
        takeWaiter { $0.buffered <= highWater / 2 }?.resume()
        return taken
    }
}

extension ResponseStream.State {
    fileprivate mutating func copy(into buffer: UnsafeMutableRawBufferPointer) -> Int {
        var filled = 0
        while filled < buffer.count, let chunk = chunks.first {
            let count = min(buffer.count - filled, chunk.count - offset)
            chunk.withUnsafeBytes {
                UnsafeMutableRawBufferPointer(rebasing: buffer[filled...])
                    .copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[offset..<offset + count]))
            }
            filled += count
            offset += count
            if offset == chunk.count {
                chunks.removeFirst()
                offset = 0
            }
        }
        buffered -= filled
        sent += filled
        return filled
    }
}
