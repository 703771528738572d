import JSON

/// The sending end of a streamed response body.
public struct BodyWriter: Sendable {
    let stream: ResponseStream

    /// Queues `bytes` for the client and returns; when more than the server's stream buffer is queued it waits, without
    /// holding a thread, until the client has taken some of it. Returns at once for no bytes.
    ///
    /// Throws ``ClientGone`` when nobody will read them any more, and `CancellationError` when the task is cancelled
    /// while it waits.
    public func write(_ bytes: Bytes) async throws {
        try await stream.write(bytes)
    }

    /// Queues a copy of `bytes`, as the first form does with the bytes themselves.
    public func write(_ bytes: [UInt8]) async throws {
        try await stream.write(Bytes(bytes))
    }

    /// Queues the UTF-8 of `text`, as the first form does with bytes.
    public func write(_ text: String) async throws {
        try await write(Bytes(text))
    }

    /// From now on no write waits for the client. One that does, or would, throws ``ClientGone`` and has the connection
    /// cut; until then the body can still be ended as usual. For any thread.
    public func stopWaiting() {
        stream.stopWaiting()
    }
}

/// The client of a stream has gone away, or the server has cut the connection.
public struct ClientGone: Error, Hashable, Sendable {
    /// Makes the error.
    public init() {}
}
