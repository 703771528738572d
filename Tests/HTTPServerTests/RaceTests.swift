import CofferTesting
import Synchronization
import Testing
import Timekeeping

@testable import HTTPServer

/// The system's time, and a hook in it: the event thread asks for the time just before it suspends a connection.
private final class HookedTime: TimeSource {
    private let hook = Mutex<(@Sendable () -> Void)?>(nil)

    var now: MonotonicInstant {
        hook.withLock { $0 }?()
        return SystemTime().now
    }

    var unixTime: UnixTime { SystemTime().unixTime }

    func sleep(until deadline: MonotonicInstant) async throws {
        try await SystemTime().sleep(until: deadline)
    }

    func onEveryLook(_ body: @escaping @Sendable () -> Void) {
        hook.withLock { $0 = body }
    }
}

@Suite("What happens in the instant before a connection is suspended is not lost")
struct RaceTests {
    /// Holds the thread until `condition` holds, for at most ten seconds.
    private static func hold(until condition: () -> Bool) {
        let deadline = SystemTime().now.advanced(by: .seconds(10))
        while !condition() && SystemTime().now < deadline {}
    }

    /// Lets the handler go on that waits at `gate`: whether it has ended.
    private static func tasksEnd(after gate: Gate) -> @Sendable (ServerCore) -> Bool {
        { core in
            gate.open()
            return core.tasks.count == 0
        }
    }

    /// Runs `body` with a server whose event thread, about to suspend an exchange in `stage`, waits for `condition`.
    private func run(
        suspending stage: Exchange.Stage, until condition: @escaping @Sendable (ServerCore) -> Bool,
        routes: (inout Router) -> Void, body: (HTTPClient) async throws -> Void
    ) async throws {
        let time = HookedTime()
        let held = Atomic(0)
        try await TestServer.run(time: time, routes: routes) { server in
            let core = server.server.core
            time.onEveryLook { [weak core] in
                guard let core, let exchange = core.connections.all.first?.exchange,
                    exchange.state.withLock({ $0.stage == stage })
                else { return }
                Self.hold { condition(core) }
                held.add(1, ordering: .relaxed)
            }
            try await server.withClient(body)
            time.onEveryLook {}
        }
        #expect(held.load(ordering: .relaxed) > 0)
    }

    @Test("Chunks that come together are all taken in while their connection is suspended and put back again and again")
    func chunks() async throws {
        let count = 1000
        try await TestServer.run(
            configuration: { settings in
                settings.eventThreads = 3
                settings.streamBufferBytes = 1
            },
            routes: { router in
                router.on(.put, "/", body: .streamed()) { request in
                    var received = 0
                    for try await chunk in request.bodyStream! { received += chunk.count }
                    return Response(contentType: "text/plain", bytes: Array("\(received)".utf8))
                }
            }
        ) { server in
            try await withThrowingTaskGroup { group in
                for _ in 0..<12 {
                    group.addTask {
                        try await server.withClient { client in
                            try await client.send(
                                "PUT / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                                    + String(repeating: "2\r\nab\r\n", count: count) + "0\r\n\r\n")
                            #expect(try await client.readReply().text == "\(2 * count)")
                        }
                    }
                }
                try await group.waitForAll()
            }
        }
    }

    @Test("The answer of a handler", arguments: [Dispatch.light, .worker])
    func answer(dispatch: Dispatch) async throws {
        let gate = Gate()
        try await run(suspending: .received, until: Self.tasksEnd(after: gate)) { router in
            router.on(.get, "/", dispatch: dispatch) { _ in
                await gate.pass()
                return Response(.noContent)
            }
        } body: { client in
            let reply = try await client.request("GET", "/")
            #expect(reply.status == 204)
        }
    }

    @Test("The answer to an upload that was not read")
    func answerUnread() async throws {
        let gate = Gate()
        try await run(suspending: .awaitingDemand, until: Self.tasksEnd(after: gate)) { router in
            router.on(.put, "/", body: .streamed()) { _ in
                await gate.pass()
                return Response(.noContent)
            }
        } body: { client in
            let reply = try await client.request("PUT", "/", body: [1, 2, 3])
            #expect(reply.status == 204)
        }
    }

    @Test("What a stream's producer writes")
    func streamed() async throws {
        let gate = Gate()
        let end = Gate()
        let isWritten = Atomic(false)
        try await run(
            suspending: .responding,
            until: { _ in
                gate.open()
                return isWritten.load(ordering: .acquiring)
            }
        ) { router in
            router.on(.get, "/") { _ in
                Response(
                    body: .stream { writer in
                        await gate.pass()
                        try await writer.write("x")
                        isWritten.store(true, ordering: .releasing)
                        await end.pass()
                    })
            }
        } body: { client in
            try await client.send(HTTPClient.encode("GET", "/"))
            _ = try await client.readHead()
            let chunk = try await client.readChunk()
            #expect(chunk == [120])
            end.open()
            let rest = try await client.readChunk()
            #expect(rest == nil)
        }
    }
}
