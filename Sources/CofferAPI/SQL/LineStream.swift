import Accounts
import HTTPServer
import JSON
import Timekeeping
import UserEngines

/// The result of one statement as lines, from the task that steps it to the one that sends it.
///
/// The former has the database's reader, and waits, holding no thread, while a piece lies ready that the latter has not
/// taken; when nobody takes pieces any more it ends.
final class LineStream: Sendable {
    private let slot: PieceSlot
    private let maker: Task<Void, Never>

    /// Begins to make the lines.
    init(_ lines: Lines, on workers: any TaskExecutor) {
        let slot = PieceSlot()
        self.slot = slot
        maker = Task(executorPreference: workers) { await lines.make(into: slot) }
    }

    deinit {
        maker.cancel()
    }

    /// The response, when its first piece is there. Until then nothing has been sent, and an error has its own status.
    ///
    /// - Parameter pace: a client that is slower loses the stream, and the reader goes back.
    func response(at pace: Pace) async throws -> Response {
        let first = try await next()
        let headers: ResponseHeaders = ["Content-Type": LineWriter.contentType, "X-Accel-Buffering": "no"]
        if first.isLast { return Response(headers: headers, body: .bytes(first.bytes)) }
        return Response(
            headers: headers,
            body: .stream { [self] writer in
                do {
                    var piece = first
                    while true {
                        let bytes = piece.bytes
                        try await pace.step { try await writer.write(bytes) }
                        if piece.isLast { return }
                        piece = try await next()
                    }
                } catch {
                    maker.cancel()
                    await maker.value
                    throw error
                }
            })
    }

    private func next() async throws -> (bytes: Bytes, isLast: Bool) {
        try await withTaskCancellationHandler {
            try await slot.take()
        } onCancel: {
            maker.cancel()
        }
    }
}

/// What a client wants to have as lines.
struct Lines: Sendable {
    let call: StatementCall
    let engines: EngineRegistry
    let requestID: RequestID

    /// Runs the statement. The reader has gone back when the last piece is put into the slot.
    fileprivate func make(into slot: PieceSlot) async {
        let (access, query, options, timeout) = (call.access, call.body, call.options, call.timeout)
        var hasBegun = false
        do {
            let last = try await access.withEngine(in: engines) { engine in
                let last = try await engine.runInTurns(query.sql, query.arguments, timeout: timeout) { turns in
                    var unlimited = options
                    unlimited.maximumRows = .max
                    var writer = LineWriter(unlimited)
                    let isEntitled = access.liveness
                    turns.onInterruption { slot.wake() }
                    while try !turns.take({ try writer.writePiece(of: $0, on: $1) }) {
                        await slot.put(writer.take())
                        hasBegun = true
                        guard isEntitled() else { throw AccountError.invalidToken }
                    }
                    return writer.finish()
                }
                if let last { return last }
                return try await engine.run(query.sql, query.arguments, timeout: timeout) { statement, connection in
                    var writer = LineWriter(options)
                    try writer.writeAll(of: statement, on: connection)
                    return writer.finish()
                }
            }
            slot.finish(last)
        } catch {
            if hasBegun { slot.finish(line(for: error)) } else { slot.fail(error) }
        }
    }

    private func line(for error: any Error) -> Bytes {
        var json = JSONWriter()
        json.beginObject()
        json.name("error")
        ProblemMapping.problem(for: error).encoded(requestID: requestID).withUnsafeBytes { json.append(bytes: $0) }
        json.append("}\n")
        return json.finish()
    }
}
