import CofferTesting
import HTTPServer
import JSON
import Synchronization
import Testing

@Suite("A client that goes away")
struct ClientGoneTests {
    enum Departure: CaseIterable, Sendable {
        case close, reset, halfClose
    }

    @Test("Its handler is cancelled", arguments: Departure.allCases, [Dispatch.light, .worker])
    func cancelsHandler(departure: Departure, dispatch: Dispatch) async throws {
        let entered = Gate(open: true)
        let cancelled = Gate(open: true)
        try await TestServer.run { router in
            router.on(.get, "/wait", dispatch: dispatch) { _ in
                await entered.pass()
                await waitForCancellation()
                await cancelled.pass()
                throw CancellationError()
            }
        } body: { server in
            try await server.withClient { client in
                try await client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
                await entered.arrivals(atLeast: 1)
                switch departure {
                case .close: await client.closeSocket()
                case .reset: await client.abort()
                case .halfClose: await client.finishSending()
                }
                await cancelled.arrivals(atLeast: 1)
            }
            let finished = await server.observer.finished(atLeast: 1)
            #expect(finished.map(\.status) == [.clientGone])
            #expect(server.log.lines.last?.metadata["status"] == "499")
            #expect(await eventually { server.server.openConnections == 0 })
        }
    }

    @Test("A handler that is quick to answer never learns of it, and nothing leaks")
    func storm() async throws {
        let answered = Atomic(0)
        try await TestServer.run { router in
            for (path, dispatch) in [("/light", Dispatch.light), ("/worker", .worker)] {
                router.on(.get, path, dispatch: dispatch) { _ in
                    await Task.yield()
                    answered.add(1, ordering: .relaxed)
                    return .json(Bytes("{}"))
                }
            }
            router.on(.get, "/stream") { _ in
                Response(
                    body: .stream { writer in
                        for _ in 0..<50 { try await writer.write([UInt8](repeating: 65, count: 4000)) }
                    })
            }
        } body: { server in
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        for round in 0..<40 {
                            try await server.withClient { client in
                                let path = ["/light", "/worker", "/stream"][round % 3]
                                try await client.send(HTTPClient.encode("GET", path))
                                if (round + number) % 2 == 0 {
                                    await client.abort()
                                } else {
                                    #expect(try await client.readReply().status == 200)
                                }
                            }
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(await eventually { server.server.openConnections == 0 && server.server.requestsInFlight == 0 })
            #expect(answered.load(ordering: .relaxed) > 0)
        }
    }
}

/// Returns when the current task is cancelled.
func waitForCancellation() async {
    let gate = Gate()
    await withTaskCancellationHandler {
        await gate.pass()
    } onCancel: {
        gate.open()
    }
}
