import DequeModule
import Synchronization

/// A request body that is read while it arrives. Nothing of it is asked from the client before the first chunk is
/// awaited, and nothing more while the chunks not yet taken exceed the server's stream buffer.
///
/// Each chunk is the reader's alone, who wipes it if it may hold a secret; chunks that nobody reads are wiped here.
///
/// One task iterates it, once. Iterating throws ``ClientGone`` when the body ends before its time, a 413 ``Problem``
/// past the route's limit, and `CancellationError`.
public final class RequestBodyStream: AsyncSequence, Sendable {
    /// The chunks, none of them empty.
    public typealias Element = [UInt8]

    private struct State {
        var chunks: Deque<[UInt8]> = []
        var buffered = 0
        var isDemanded = false
        var ending: Result<Void, any Error>?
        var waiter: CheckedContinuation<[UInt8]?, any Error>?

        /// A chunk or the end, if either is here.
        mutating func takeNext() -> Result<[UInt8]?, any Error>? {
            guard let chunk = chunks.popFirst() else { return ending.map { $0.map { nil } } }
            buffered -= chunk.count
            return .success(chunk)
        }
    }

    private let state = Mutex(State())
    private let highWater: Int
    /// `nil` in a stream that was made whole.
    private let connection: ClientConnection?

    init(connection: ClientConnection?, highWater: Int) {
        self.connection = connection
        self.highWater = highWater
    }

    /// Makes a stream of the given chunks, for calling a handler without a server.
    public init(_ chunks: [[UInt8]]) {
        connection = nil
        highWater = .max
        state.withLock { state in
            state.chunks = Deque(chunks.filter { !$0.isEmpty })
            state.ending = .success(())
        }
    }

    /// What nobody has read goes as what is read does.
    deinit {
        state.withLock { state in
            for index in state.chunks.indices { state.chunks[index].withUnsafeMutableBytes { $0.wipe() } }
        }
    }

    /// Iterates the chunks.
    public struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let stream: RequestBodyStream

        /// The next chunk, waited for; `nil` at the end.
        public mutating func next() async throws -> [UInt8]? {
            try await stream.next()
        }
    }

    /// The iterator; all of them share the one position of the stream.
    public func makeAsyncIterator() -> AsyncIterator {
        AsyncIterator(stream: self)
    }

    private func next() async throws -> [UInt8]? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let (result, wantsMore) = state.withLock { state in
                    precondition(state.waiter == nil, "a request body has one reader")
                    state.isDemanded = true
                    var result = state.takeNext()
                    if result == nil {
                        // A cancellation that came before this found no waiter to wake.
                        if Task.isCancelled {
                            result = .failure(CancellationError())
                        } else {
                            state.waiter = continuation
                        }
                    }
                    return (result, state.buffered <= highWater / 2)
                }
                if wantsMore { connection?.resume() }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            takeWaiter()?.resume(throwing: CancellationError())
        }
    }

    private func takeWaiter() -> CheckedContinuation<[UInt8]?, any Error>? {
        state.withLock { state in
            defer { state.waiter = nil }
            return state.waiter
        }
    }

    // MARK: - The event thread

    /// Whether the handler has asked for the body.
    var isDemanded: Bool { state.withLock { $0.isDemanded } }

    var isFull: Bool { state.withLock { $0.buffered > highWater } }

    func append(_ bytes: UnsafeRawBufferPointer) {
        // Given away: the reader could not wipe what is still held here.
        var chunk: [UInt8]? = [UInt8](bytes)
        let waiter = state.withLock { state in
            guard let waiter = state.waiter else {
                state.chunks.append(chunk.take()!)
                state.buffered += bytes.count
                return nil as CheckedContinuation<[UInt8]?, any Error>?
            }
            state.waiter = nil
            return waiter
        }
        waiter?.resume(returning: chunk.take())
    }

    /// Ends the stream; only the first call counts.
    func finish(_ ending: Result<Void, any Error>) {
        let waiter = state.withLock { state in
            guard state.ending == nil else { return nil as CheckedContinuation<[UInt8]?, any Error>? }
            state.ending = ending
            defer { state.waiter = nil }
            return state.waiter
        }
        waiter?.resume(with: ending.map { nil })
    }
}
