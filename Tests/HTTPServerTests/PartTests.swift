import CofferTesting
import Testing
import Timekeeping

@testable import HTTPServer

@Suite("Parts")
struct PartTests {
    private func fields(_ pairs: [(String, String)]) -> HeaderFields {
        Request(.get, "/", headers: pairs).headers
    }

    @Test("The bytes that a body must bring in a window are rate times time, at most what an integer holds")
    func bodyWindow() {
        func bytes(_ rate: Int, _ timeout: Duration) -> Int {
            ConnectionLimits(ServerConfiguration(headerTimeout: timeout, minimumBodyRate: rate)).bodyBytesPerWindow
        }
        #expect(bytes(1024, .seconds(10)) == 10_240)
        #expect(bytes(1000, .milliseconds(1500)) == 1500)
        #expect(bytes(.max, .seconds(10)) == .max)
        #expect(bytes(.max, .milliseconds(500)) == .max / 2)
        #expect(bytes(8_589_934_591 << 30, .seconds(Int64.max)) == .max)
    }

    @Test("Header fields keep their order, and ignore the case of names")
    func headerFields() {
        let many = (0..<200).map { ("X-\($0 % 3)", String(repeating: "v", count: $0)) }
        let headers = fields(many + [("", "nameless")])
        #expect(headers.count == 201)
        #expect(headers["x-2"] == "vv")
        #expect(headers.values(of: "X-1").map(\.count) == stride(from: 1, to: 200, by: 3).map { $0 })
        #expect(headers["X-3"] == nil && headers[""] == "nameless")
        #expect(headers.withBytes(of: "x-2") { $0.count } == 2)
        #expect(headers.withBytes(of: "none") { $0.count } == nil)
    }

    @Test(
        "Well-formed fields have token names and no control characters",
        arguments: [
            ("A", "b", true), ("A-1_~", "", true), ("A", "ä \t x", true), ("", "b", false), ("A ", "b", false),
            ("Ä", "b", false), ("A", "b\r", false), ("A", "1234567\t\t234567\u{80}", true), ("A", "1234567\n", false),
            ("A", "12345678\u{1f}", false),
            ("A", "1234567\u{7f}12345678", false), ("A", "b\u{0}", false), ("A", "\u{7f}", false), ("A(", "b", false),
        ])
    func wellFormed(name: String, value: String, isGood: Bool) {
        #expect(fields([("Host", "a"), (name, value)]).areWellFormed == isGood)
    }

    @Test("A byte that a name cannot have is found wherever it stands")
    func names() {
        let others = Set("!#$%&'*+-.^_`|~0123456789".utf8)
        for byte in UInt8.min ... .max {
            let isLetter = (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
            for length in [1, 7, 8, 9, 16, 21] {
                for position in 0..<length {
                    var name = [UInt8](repeating: UInt8(ascii: position % 2 == 0 ? "z" : "-"), count: length)
                    name[position] = byte
                    #expect(
                        name.withUnsafeBytes { $0.isToken } == (isLetter || others.contains(byte)),
                        "\(byte) at \(position) of \(length)")
                }
            }
        }
        #expect(![UInt8]().withUnsafeBytes { $0.isToken })
    }

    @Test("A control character in a value is found wherever it stands")
    func controlCharacters() {
        for byte in UInt8.min ... .max {
            let isPlain = byte >= 0x20 && byte != 0x7F || byte == 0x09
            for position in 0..<21 {
                var line = [UInt8](repeating: UInt8(ascii: "~"), count: 21)
                line[position] = byte
                #expect(line.withUnsafeBytes { $0.isPlainLine } == isPlain, "\(byte) at \(position)")
            }
        }
    }

    @Test("Tokens are made of the bytes that RFC 9110 lists")
    func tokens() {
        let listed = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
        for byte in UInt8.min ... .max { #expect(HTTPToken.contains(byte) == listed.utf8.contains(byte)) }
    }

    @Test("A body is empty after it was wiped, and prints nothing of itself")
    func body() {
        let body = Request(.post, "/", body: Array("password".utf8)).body
        #expect(body.count == 8)
        #expect(body.withUnsafeBytes { String(decoding: $0, as: UTF8.self) } == "password")
        #expect("\(body)" == "<redacted>")
        body.wipe()
        #expect(body.count == 0 && body.withUnsafeBytes { $0.isEmpty })
    }

    @Test("Wiped memory holds zeros")
    func wiped() {
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 100, alignment: 1)
        defer { memory.deallocate() }
        for index in memory.indices { memory[index] = 0xA5 }
        memory.wipe()
        #expect(memory.allSatisfy { $0 == 0 })
    }

    @Test("No more is allocated for a body than has come, or 64 KiB, whatever is announced")
    func announcedLength() {
        var body = BodyMemory(room: UnsafeMutableRawBufferPointer(start: nil, count: 0))
        defer { body.wipe() }
        [1, 2, 3].withUnsafeBytes { body.append($0, expecting: .max) }
        #expect(body.count == 24)
    }

    @Test(
        "A body lies where it has room, and leaves zeros there when it needs more, or is wiped",
        arguments: [false, true])
    func bodyMemory(growing: Bool) {
        let room = UnsafeMutableRawBufferPointer.allocate(byteCount: 5, alignment: 1)
        defer { room.deallocate() }
        room.initializeMemory(as: UInt8.self, repeating: 0)
        var body = BodyMemory(room: room)
        func add(_ text: String) { Array(text.utf8).withUnsafeBytes { body.append($0, expecting: 0) } }
        add("pas")
        add("")
        add("sw")
        #expect(room.elementsEqual("passw".utf8) && body.bytes.elementsEqual(room))
        if growing {
            add("ord")
            #expect(body.bytes.elementsEqual("password".utf8))
        } else {
            body.wipe()
        }
        #expect(room.allSatisfy { $0 == 0 })
        body.wipe()
        #expect(body.count == 0 && body.bytes.isEmpty)
    }

    @Test(
        "Content types are compared without case, parameters aside, in UTF-8",
        arguments: [
            ("application/json", true), (" Application/JSON ;charset=UTF-8", true), ("application/json;", true),
            ("application/json; charset=\"utf-8\"; v=1", true), ("application/json; charset=latin1", false),
            ("application/jsonx", false), ("", false), ("text/plain", true), ("*/*", false),
        ])
    func mediaType(value: String, matches: Bool) {
        let found = Array(value.utf8).withUnsafeBytes { MediaType.matches($0, ["application/json", "text/plain"]) }
        #expect(found == matches)
    }

    @Test("A response header value cannot begin another field")
    func responseHeaders() {
        var headers: ResponseHeaders = ["Content-Type": "a"]
        headers.add("X", "1\r\nSet-Cookie: evil\u{0}")
        headers["content-type"] = "b"
        #expect(headers.fields.map { "\($0.name)=\($0.value)" } == ["X=1Set-Cookie: evil", "content-type=b"])
        headers["CONTENT-TYPE"] = nil
        #expect(headers["Content-Type"] == nil && headers.fields.count == 1)
    }

    @Test("Request ids are 32 hex digits, each its own")
    func identifiers() {
        var identifiers = RequestIdentifiers()
        let made = (0..<1000).map { _ in identifiers.next().description }
        #expect(Set(made).count == 1000)
        #expect(made.allSatisfy { $0.count == 32 && $0.allSatisfy(\.isHexDigit) })
    }

    @Test("Waiting for the end of activity ends with it, or at the deadline", .timeLimit(.minutes(1)))
    func activity() async {
        let time = ManualTime()
        let activity = Activity()
        await activity.count.waitUntilIdle()
        activity.count.begin()
        activity.count.begin()
        async let deadline: Void = time.wait(until: time.now.advanced(by: .seconds(5))) {
            await activity.count.waitUntilIdle()
        }
        await time.sleepers(atLeast: 1)
        #expect(await eventually { activity.count.waiterCount == 1 })
        activity.count.end()
        #expect(activity.count.waiterCount == 1 && time.sleeperCount == 1)
        time.advance(by: .seconds(5))
        await deadline
        #expect(activity.count.waiterCount == 0)
        async let end: Void = time.wait(until: time.now.advanced(by: .seconds(5))) {
            await activity.count.waitUntilIdle()
        }
        await time.sleepers(atLeast: 1)
        activity.count.end()
        await end
        #expect(activity.count.waiterCount == 0 && time.sleeperCount == 0)
    }

    @Test("Who waits for the end of activity is not woken when other activity has begun")
    func laterActivity() async {
        let activity = Activity()
        activity.count.begin()
        async let idle: Void = activity.count.waitUntilIdle()
        #expect(await eventually { activity.count.waiterCount == 1 })
        activity.count.resumeWaiters()
        #expect(activity.count.waiterCount == 1)
        activity.count.end()
        await idle
        #expect(activity.count.waiterCount == 0)
    }

    @Test("A streamed body can be made by hand, for calling a handler without a server")
    func handMadeStream() async throws {
        var chunks: [[UInt8]] = []
        for try await chunk in RequestBodyStream([[1], [], [2, 3]]) { chunks.append(chunk) }
        #expect(chunks == [[1], [2, 3]])
    }

    @Test("A cancelled reader of a body does not wait")
    func cancelledReader() async {
        let stream = RequestBodyStream(connection: nil, highWater: 100)
        let task = Task {
            for try await _ in stream {}
        }
        #expect(await eventually { stream.isDemanded })
        task.cancel()
        await #expect(throws: CancellationError.self) { try await task.value }
    }

    @Test("A route cannot be added twice, nor be relative, nor name a parameter twice")
    func routerTraps() async {
        await #expect(processExitsWith: .failure) {
            var router = Router()
            router.on(.get, "/a/{x}") { _ in Response() }
            router.on(.get, "/a/{y}") { _ in Response() }
        }
        await #expect(processExitsWith: .failure) {
            var router = Router()
            router.on(.get, "a") { _ in Response() }
        }
        await #expect(processExitsWith: .failure) {
            var router = Router()
            router.on(.get, "/{x}/{x}") { _ in Response() }
        }
    }
}

/// Where a count lies.
private final class Activity: Sendable {
    let count = ActivityCount()
}
