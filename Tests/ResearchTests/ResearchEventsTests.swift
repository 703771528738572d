import Accounts
import CofferTesting
import Synchronization
import Testing
import Timekeeping
import UserEngines

@testable import Research

@Suite("Events of a research")
struct ResearchEventsTests {
    private let time = ManualTime()
    private let drops = DropCounter()
    private let research = ResearchID()
    private let user = UserID()

    private func makeEvents(limits: EventRing.Limits = EventRing.Limits()) -> ResearchEvents {
        let events = ResearchEvents(time: time, observer: drops, limits: limits)
        events.begin(research, of: user)
        return events
    }

    private func publish(_ numbers: ClosedRange<Int>, to events: ResearchEvents) {
        for number in numbers { events.publish(.progress, json: Array("\(number)".utf8), of: research) }
    }

    private func epoch(of listener: EventListener) throws -> String {
        let opening = try #require(listener.parts.first)
        return String(try #require(opening.firstMatch(of: #/id: ([0-9a-f]{16})-/#)).1)
    }

    @Test("A listener is greeted at once, and hears what happens from then on, in order, until the end")
    func live() async throws {
        let events = makeEvents()
        publish(1...2, to: events)
        let listener = EventListener(to: research, of: events)
        try await listener.parts(atLeast: 1)
        let epoch = try epoch(of: listener)
        #expect(listener.parts == ["retry: 3000\nid: \(epoch)-2\n\n"])
        publish(3...4, to: events)
        events.publish(.finding, json: Array(#"{"id":1}"#.utf8), of: research)
        events.end(research, state: Array(#"{"state":"completed"}"#.utf8))
        #expect(await listener.end())
        #expect(
            listener.events == [
                "\(epoch)-3 progress 3", "\(epoch)-4 progress 4", #"\#(epoch)-5 finding {"id":1}"#,
                #"ended-1 state {"state":"completed"}"#,
            ])
        #expect(events.listenerCount == 0 && drops.reasons == [])
    }

    @Test("A listener that comes back gets what it missed, and nothing twice", arguments: 0...5)
    func resume(lastSeen: Int) async throws {
        let events = makeEvents()
        let first = EventListener(to: research, of: events)
        try await first.parts(atLeast: 1)
        let epoch = try epoch(of: first)
        publish(1...5, to: events)
        let second = EventListener(to: research, of: events, after: EventID("\(epoch)-\(lastSeen)"))
        try await second.parts(atLeast: 1)
        events.end(research, state: nil)
        #expect(await second.end())
        #expect(second.events == (1...5).dropFirst(lastSeen).map { "\(epoch)-\($0) progress \($0)" })
        #expect(await first.end())
    }

    @Test(
        "A listener that cannot be told what it missed gets a reset, and goes on from now",
        arguments: ["EPOCH-1", "EPOCH-6", "0000000000000000-4", "ended-1"])
    func reset(lastSeen: String) async throws {
        var limits = EventRing.Limits()
        limits.count = 3
        let events = makeEvents(limits: limits)
        let first = EventListener(to: research, of: events)
        try await first.parts(atLeast: 1)
        let epoch = try epoch(of: first)
        for number in 1...5 {
            publish(number...number, to: events)
            try await first.parts(atLeast: 1 + number)
        }
        let id = try #require(EventID(lastSeen.replacing("EPOCH", with: epoch)))
        let listener = EventListener(to: research, of: events, after: id)
        try await listener.parts(atLeast: 1)
        publish(6...6, to: events)
        events.end(research, state: nil)
        #expect(await listener.end())
        #expect(listener.events == ["\(epoch)-5 reset {}", "\(epoch)-6 progress 6"])
        #expect(await first.end())
    }

    @Test("The ring keeps a bounded number of bytes, and always the latest event")
    func bytes() {
        var ring = EventRing(EventRing.Limits(count: 100, bytes: 1000))
        for _ in 0..<20 { ring.append([UInt8](repeating: 0, count: 300)) }
        #expect(ring.first == 18 && ring.next == 21)
        ring.append([UInt8](repeating: 1, count: 5000))
        #expect(ring.first == 21 && ring[21]?.count == 5000 && ring[20] == nil && ring[22] == nil)
    }

    @Test("A listener that takes nothing is dropped as soon as an event it needs has left the ring; others are not")
    func slow() async throws {
        var limits = EventRing.Limits()
        limits.count = 10
        let events = makeEvents(limits: limits)
        let gate = Gate()
        let slow = EventListener(to: research, of: events, gate: gate)
        let quick = EventListener(to: research, of: events)
        await gate.arrivals(atLeast: 1)
        try await quick.parts(atLeast: 1)
        for number in 1...10 {
            publish(number...number, to: events)
            try await quick.parts(atLeast: 1 + number)
        }
        #expect(drops.reasons == [] && !slow.wasGivenUp)
        publish(11...11, to: events)
        #expect(drops.reasons == [.slow] && slow.wasGivenUp)
        #expect(await !slow.end())
        try await quick.parts(atLeast: 12)
        #expect(slow.parts == [])
        events.close()
        _ = await quick.end()
    }

    @Test("A full batch of findings, told at once, drops nobody who takes it")
    func fullBatch() async throws {
        let events = makeEvents()
        let listener = EventListener(to: research, of: events)
        try await listener.parts(atLeast: 1)
        let draft = try FindingDraft(
            key: nil, kind: String(repeating: "k", count: 100), title: String(repeating: "\u{1F600}", count: 250),
            url: nil, content: "", data: nil)
        for number in 1...FindingDraft.batchLimit {
            events.publish(.finding, json: EventText.finding(Int64(number), draft), of: research)
        }
        events.end(research, state: nil)
        #expect(await listener.end())
        #expect(listener.events.count == FindingDraft.batchLimit && drops.reasons == [])
    }

    @Test("A quiet stream gets a comment every 15 s, and one task beats for all")
    func heartbeat() async throws {
        let events = makeEvents()
        let beating = Task { await events.run() }
        let listeners = (0..<10).map { _ in EventListener(to: research, of: events) }
        for listener in listeners { try await listener.parts(atLeast: 1) }
        for beat in 1...3 {
            await time.sleepers(atLeast: 1)
            #expect(time.sleeperCount == 1)
            time.advance(by: .milliseconds(14_999))
            for listener in listeners { #expect(listener.events.count == beat - 1) }
            time.advance(by: .milliseconds(1))
            for listener in listeners { try await listener.parts(atLeast: 1 + beat) }
        }
        #expect(listeners.allSatisfy { $0.events == [":", ":", ":"] })
        beating.cancel()
        await beating.value
        events.close()
        for listener in listeners { #expect(await listener.end()) }
    }

    @Test("A heartbeat that comes while a listener takes something is made up for, unless there are events for it")
    func heartbeatWhileSending() async throws {
        let events = makeEvents()
        let beating = Task { await events.run() }
        let gates = [Gate(), Gate()]
        let listeners = gates.map { EventListener(to: research, of: events, gate: $0) }
        for gate in gates { await gate.arrivals(atLeast: 1) }
        await time.sleepers(atLeast: 1)
        time.advance(by: ResearchEvents.heartbeatInterval)
        // It sleeps again, so the beat is over.
        await time.sleepers(atLeast: 1)
        gates[0].open()
        try await listeners[0].parts(atLeast: 2)
        #expect(listeners[0].events == [":"])
        publish(1...1, to: events)
        gates[1].open()
        events.end(research, state: nil)
        for listener in listeners { #expect(await listener.end()) }
        #expect(listeners[1].events.map { $0.hasSuffix("progress 1") } == [true])
        beating.cancel()
        await beating.value
    }

    @Test("Closing ends every stream, also one whose client takes nothing, and lets nobody listen any more")
    func close() async throws {
        let events = makeEvents()
        let gate = Gate()
        let stuck = EventListener(to: research, of: events, gate: gate)
        let quiet = EventListener(to: research, of: events)
        await gate.arrivals(atLeast: 1)
        try await quiet.parts(atLeast: 1)
        events.close()
        #expect(await quiet.end())
        #expect(await !stuck.end())
        #expect(drops.reasons == [.draining, .draining])
        let late = EventListener(to: research, of: events)
        #expect(await late.end())
        #expect(late.parts == [] && events.listenerCount == 0)
    }

    @Test("Who may not listen any more is sent away: when told, with a heartbeat, and at the very beginning")
    func entitlement() async throws {
        let events = makeEvents()
        let mayListen = Atomic(true)
        let one = EventListener(to: research, of: events, isEntitled: { mayListen.load(ordering: .relaxed) })
        let other = EventListener(to: research, of: events)
        try await one.parts(atLeast: 1)
        try await other.parts(atLeast: 1)
        events.dropUnentitled()
        #expect(events.listenerCount == 2)
        mayListen.store(false, ordering: .relaxed)
        events.dropUnentitled()
        #expect(await one.end())
        let late = EventListener(to: research, of: events, isEntitled: { false })
        #expect(await late.end())
        #expect(late.parts == [])
        #expect(drops.reasons == [.sessionEnded, .sessionEnded])
        #expect(events.listenerCount == 1)

        mayListen.store(true, ordering: .relaxed)
        let expiring = EventListener(to: research, of: events, isEntitled: { mayListen.load(ordering: .relaxed) })
        try await expiring.parts(atLeast: 1)
        mayListen.store(false, ordering: .relaxed)
        let beating = Task { await events.run() }
        await time.sleepers(atLeast: 1)
        time.advance(by: ResearchEvents.heartbeatInterval)
        #expect(await expiring.end())
        beating.cancel()
        await beating.value
        events.close()
        #expect(await other.end())
    }

    @Test("A listener whose task is cancelled leaves")
    func cancelled() async throws {
        let events = makeEvents()
        for round in 0..<200 {
            let listener = EventListener(to: research, of: events)
            if round % 2 == 0 { try await listener.parts(atLeast: 1) }
            listener.cancel()
            #expect(await !listener.end())
        }
        #expect(events.listenerCount == 0 && drops.reasons == [])
    }

    @Test("A research that does not run, or is another user's, has no stream, and its events go nowhere")
    func notRunning() async throws {
        let events = makeEvents()
        #expect(events.isRunning(research, of: user))
        #expect(!events.isRunning(research, of: UserID()))
        #expect(!events.isRunning(ResearchID(), of: user))
        events.end(research, state: nil)
        events.publish(.progress, json: Array("1".utf8), of: research)
        events.end(research, state: nil)
        #expect(!events.isRunning(research, of: user))
        let listener = EventListener(to: research, of: events)
        #expect(await listener.end())
        #expect(listener.parts == [])
    }

    @Test("The end of a research waits for those who still take its last events, and starts nobody new")
    func takingTheRest() async throws {
        let events = makeEvents()
        let gate = Gate()
        let listener = EventListener(to: research, of: events, gate: gate)
        await gate.arrivals(atLeast: 1)
        publish(1...3, to: events)
        events.end(research, state: Array("{}".utf8))
        let late = EventListener(to: research, of: events)
        #expect(await late.end())
        #expect(late.parts == [])
        gate.open()
        #expect(await listener.end())
        #expect(listener.events.count == 4 && listener.events.last == "ended-1 state {}")
    }

    @Test("Listeners that come, go and come back while events are published get each of them once, in order")
    func churn() async throws {
        let events = makeEvents(limits: EventRing.Limits(count: 5000, bytes: 10 << 20))
        let total = 2000
        let research = research
        let first = EventListener(to: research, of: events)
        try await first.parts(atLeast: 1)
        let beginning = EventID(epoch: try epoch(of: first), number: 0)
        first.cancel()
        _ = await first.end()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for seed in 0..<8 {
                group.addTask {
                    var seen: [String] = []
                    var last = beginning
                    var generator = SeededGenerator(seed: UInt64(seed))
                    while seen.count < total {
                        let listener = EventListener(to: research, of: events, after: last)
                        let wanted = Int.random(in: 1...100, using: &generator)
                        try await eventually { listener.events.count >= min(wanted, total - seen.count) }
                        listener.cancel()
                        _ = await listener.end()
                        let got = listener.events
                        seen += got
                        last = got.last.flatMap { EventID($0.prefix { $0 != " " }) } ?? last
                    }
                    let numbers = seen.compactMap { Int($0.split(separator: " ")[2]) }
                    #expect(numbers == Array(1...total))
                }
            }
            for number in 1...total {
                events.publish(.progress, json: Array("\(number)".utf8), of: research)
                if number % 50 == 0 { await Task.yield() }
            }
            try await group.waitForAll()
        }
        #expect(events.listenerCount == 0 && drops.reasons == [])
    }
}
