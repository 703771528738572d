import CofferTesting
import Glibc
import JSON
import Logging
import Testing
import Timekeeping
import Workers

@testable import HTTPServer

@Suite("Shutdown")
struct ShutdownTests {
    @Test("Requests in flight are answered, and nobody new is let in")
    func inFlight() async throws {
        let gate = Gate()
        try await TestServer.run { router in
            router.on(.get, "/") { _ in
                await gate.pass()
                return Response(contentType: "text/plain", bytes: Array("done".utf8))
            }
        } body: { server in
            let port = server.port
            try await server.withClient { client in
                try await client.send(HTTPClient.encode("GET", "/"))
                await gate.arrivals(atLeast: 1)
                async let unfinished = server.server.shutdown(deadline: .seconds(20))
                #expect(
                    await eventually {
                        guard let refused = try? HTTPClient(port: port) else { return true }
                        await refused.close()
                        return false
                    })
                gate.open()
                let reply = try await client.readReply()
                #expect(reply.text == "done")
                #expect(reply.header("connection")?.lowercased() == "close")
                #expect(await unfinished == 0)
                try await client.waitUntilClosed()
            }
        }
    }

    @Test("the stop waits for connections that are being put back into their event loop")
    func resumption() async throws {
        try await TestServer.run { router in
            router.on(.get, "/") { _ in Response(.noContent) }
        } body: { server in
            try await server.withClient { client in
                let reply = try await client.request("GET", "/")
                #expect(reply.status == 204)
                let core = server.server.core
                core.resumptions.begin()
                async let unfinished = server.server.shutdown(deadline: .zero)
                #expect(await eventually { core.resumptions.waiterCount == 1 })
                #expect(server.server.openConnections == 1)
                core.resumptions.end()
                #expect(await unfinished == 0)
                #expect(server.server.openConnections == 0)
            }
        }
    }

    @Test("While draining, kept connections and new ones get 503, but health routes are answered")
    func draining() async throws {
        try await TestServer.run { router in
            router.on(.get, "/") { _ in Response(.noContent) }
            router.on(.get, "/health", answersWhileDraining: true) { _ in Response(.noContent) }
        } body: { server in
            try await server.withClient { kept in
                #expect(try await kept.request("GET", "/").status == 204)
                server.server.beginDraining()
                #expect(server.server.isDraining)
                for fresh in [false, true] {
                    let reply =
                        fresh
                        ? try await server.withClient { try await $0.request("GET", "/") }
                        : try await kept.request("GET", "/")
                    #expect(reply.status == 503)
                    #expect(reply.text.contains(#""code":"draining""#))
                    #expect(reply.header("connection")?.lowercased() == "close")
                    #expect(reply.header("retry-after") == "5")
                }
                try await kept.waitUntilClosed()
                let health = try await server.withClient { try await $0.request("GET", "/health") }
                #expect(health.status == 204)
            }
        }
    }

    @Test("At the deadline handlers are cancelled, and may still answer")
    func deadline() async throws {
        let entered = Gate(open: true)
        try await TestServer.run { router in
            router.on(.get, "/throws") { _ in
                await entered.pass()
                await waitForCancellation()
                throw CancellationError()
            }
            router.on(.get, "/answers") { _ in
                await entered.pass()
                await waitForCancellation()
                return Response(contentType: "text/plain", bytes: Array("late".utf8))
            }
        } body: { server in
            try await server.withClient { first in
                try await server.withClient { second in
                    try await first.send(HTTPClient.encode("GET", "/throws"))
                    try await second.send(HTTPClient.encode("GET", "/answers"))
                    await entered.arrivals(atLeast: 2)
                    #expect(await server.server.shutdown(deadline: .milliseconds(50)) == 0)
                    let refused = try await first.readReply()
                    #expect(refused.status == 503)
                    #expect(refused.text.contains(#""code":"draining""#))
                    #expect(try await second.readReply().text == "late")
                }
            }
        }
    }

    @Test("A handler that ignores its cancellation is left behind, counted, and its client is cut off")
    func stubborn() async throws {
        let gate = Gate()
        try await TestServer.run(configuration: { $0.cancellationGrace = .milliseconds(100) }) { router in
            router.on(.get, "/") { _ in
                await gate.pass()
                return Response(.noContent)
            }
        } body: { server in
            try await server.withClient { client in
                try await client.send(HTTPClient.encode("GET", "/"))
                await gate.arrivals(atLeast: 1)
                #expect(await server.server.shutdown(deadline: .milliseconds(50)) == 1)
                #expect(try await client.readToEnd() == [])
                #expect(server.server.openConnections == 0)
                gate.open()
            }
            #expect(await server.observer.finished(atLeast: 1).map(\.status) == [.serviceUnavailable])
        }
    }

    @Test("Streams that wait, in both directions, end")
    func streams() async throws {
        let entered = Gate(open: true)
        try await TestServer.run { router in
            router.on(.get, "/idle") { _ in
                Response(
                    body: .stream { writer in
                        try await writer.write("x")
                        await entered.pass()
                        await waitForCancellation()
                    })
            }
            router.on(.get, "/full") { _ in
                Response(
                    body: .stream { writer in
                        await entered.pass()
                        while true { try await writer.write([UInt8](repeating: 1, count: 100_000)) }
                    })
            }
            router.on(.put, "/", body: .streamed()) { request in
                for try await _ in request.bodyStream! { await entered.pass() }
                return Response(.noContent)
            }
        } body: { server in
            try await server.withClient { idle in
                try await server.withClient { full in
                    try await server.withClient { upload in
                        try await idle.send(HTTPClient.encode("GET", "/idle"))
                        try await full.send(HTTPClient.encode("GET", "/full"))
                        try await upload.send("PUT / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\nx")
                        await entered.arrivals(atLeast: 3)
                        #expect(await server.server.shutdown(deadline: .milliseconds(50)) == 0)
                        #expect(server.server.openConnections == 0)
                        // The producer returned, so its stream is complete.
                        #expect(try await idle.readReply().text == "x")
                        try await full.waitUntilClosed()
                        try await upload.waitUntilClosed()
                    }
                }
            }
        }
    }

    @Test("Idle connections do not hold it up, nor does half a header")
    func idleConnections() async throws {
        try await TestServer.run { router in
            router.on(.get, "/") { _ in Response(.noContent) }
        } body: { server in
            try await server.withClient { idle in
                try await server.withClient { silent in
                    try await server.withClient { half in
                        #expect(try await idle.request("GET", "/").status == 204)
                        try await half.send("GET / HTTP/1.1\r\nHost:")
                        #expect(await eventually { server.server.openConnections == 3 })
                        let before = SystemTime().now
                        await server.server.shutdown(deadline: .seconds(60))
                        #expect(before.duration(to: SystemTime().now) < .seconds(20))
                        for client in [idle, silent, half] { #expect(try await client.readToEnd() == []) }
                    }
                }
            }
        }
    }

    @Test("Shutting down twice, and a server that never started, does nothing")
    func twice() async throws {
        let workers = WorkerExecutor(threads: 1)
        let server = Server(
            configuration: ServerConfiguration(port: 0), router: Router(), workers: workers,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        await server.shutdown(deadline: .zero)
        try server.start()
        await server.shutdown(deadline: .zero)
        await server.shutdown(deadline: .zero)
        #expect(server.port == 0)
        #expect(throws: ServerError.self) { try server.start() }
        workers.shutdown()
    }

    @Test("Start, serve and stop leave no descriptor and no thread, a hundred times over, while clients knock")
    func leavesNothing() async throws {
        await #expect(processExitsWith: .success) {
            let workers = WorkerExecutor(threads: 2)
            var router = Router()
            router.on(.get, "/{dispatch}") { _ in
                await Task.yield()
                return .json(Bytes("{}"))
            }
            func descriptors() -> Int { (0..<1024).count { fcntl(Int32($0), F_GETFD) >= 0 } }
            func threads() -> Int {
                let tasks = opendir("/proc/self/task")!
                defer { closedir(tasks) }
                return sequence(state: tasks) { readdir($0) }.reduce(0) { count, _ in count + 1 }
            }
            var before: (Int, Int)?
            for round in 0..<100 {
                let server = Server(
                    configuration: ServerConfiguration(port: 0, eventThreads: 1 + round % 3), router: router,
                    workers: workers, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
                try server.start()
                let port = server.port
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for _ in 0..<4 {
                        group.addTask {
                            guard let client = try? HTTPClient(port: port) else { return }
                            while (try? await client.request("GET", "/x")) != nil {}
                            await client.close()
                        }
                    }
                    while server.openConnections < 2 { await Task.yield() }
                    await server.shutdown(deadline: .seconds(5))
                    try await group.waitForAll()
                }
                precondition(server.openConnections == 0 && server.requestsInFlight == 0)
                // The first rounds grow the pools of the runtime.
                if round == 10 { before = (descriptors(), threads()) }
                if let before, round > 10 {
                    precondition(descriptors() <= before.0, "descriptors: \(before.0) → \(descriptors())")
                    precondition(threads() <= before.1, "threads: \(before.1) → \(threads())")
                }
            }
            workers.shutdown()
        }
    }
}
