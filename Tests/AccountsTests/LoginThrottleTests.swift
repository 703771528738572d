import Testing
import Timekeeping

@testable import Accounts

@Suite("Login throttle")
struct LoginThrottleTests {
    private typealias Attempt = LoginThrottle.Attempt

    private let start = MonotonicInstant(nanoseconds: 5_000_000_000)

    private func attempt(_ name: String, from address: String = "192.0.2.1") -> LoginThrottle.Attempt {
        LoginThrottle.Attempt(name: name, network: ClientNetwork(of: address))
    }

    private func after(_ seconds: Int) -> MonotonicInstant { start.advanced(by: .seconds(seconds)) }

    @Test("refuses after ten failures of one name from one network, until the first is 15 minutes old")
    func pairLimit() {
        var throttle = LoginThrottle(limits: .init())
        for second in 0..<10 {
            #expect(throttle.waitingTime(for: attempt("ada"), at: after(second)) == nil)
            throttle.recordFailure(of: attempt("ada"), at: after(second))
        }
        #expect(throttle.waitingTime(for: attempt("ada"), at: after(10)) == .seconds(890))
        #expect(throttle.waitingTime(for: attempt("ada"), at: after(899)) == .seconds(1))
        #expect(throttle.waitingTime(for: attempt("ada"), at: after(900)) == nil)
        throttle.recordFailure(of: attempt("ada"), at: after(900))
        #expect(throttle.waitingTime(for: attempt("ada"), at: after(900)) == .seconds(1))
    }

    @Test("locks out neither another network nor another name")
    func independence() {
        var throttle = LoginThrottle(limits: .init())
        for _ in 0..<10 { throttle.recordFailure(of: attempt("ada"), at: start) }
        #expect(throttle.waitingTime(for: attempt("ada"), at: start) != nil)
        #expect(throttle.waitingTime(for: attempt("ada", from: "192.0.2.2"), at: start) == nil)
        #expect(throttle.waitingTime(for: attempt("bob"), at: start) == nil)
    }

    @Test("refuses a network after a hundred failures over all names")
    func networkLimit() {
        var throttle = LoginThrottle(limits: .init())
        for index in 0..<100 {
            #expect(throttle.waitingTime(for: attempt("user\(index)"), at: start) == nil)
            throttle.recordFailure(of: attempt("user\(index)"), at: start)
        }
        #expect(throttle.waitingTime(for: attempt("new"), at: after(60)) == .seconds(840))
        #expect(throttle.waitingTime(for: attempt("new", from: "192.0.2.2"), at: after(60)) == nil)
        #expect(throttle.waitingTime(for: attempt("new"), at: after(900)) == nil)
    }

    @Test("A success forgets the name's failures, but not those of the network")
    func success() {
        let limits = LoginThrottle.Limits(
            byUserAndNetwork: .init(count: 2, window: .seconds(60)),
            byNetwork: .init(count: 3, window: .seconds(60)))
        var throttle = LoginThrottle(limits: limits)
        for _ in 0..<2 { throttle.recordFailure(of: attempt("ada"), at: start) }
        #expect(throttle.waitingTime(for: attempt("ada"), at: start) != nil)
        throttle.recordSuccess(of: attempt("ada"))
        #expect(throttle.waitingTime(for: attempt("ada"), at: start) == nil)
        throttle.recordFailure(of: attempt("bob"), at: start)
        #expect(throttle.waitingTime(for: attempt("ada"), at: start) == .seconds(60))
    }

    @Test("Both limits at once: the longer wait counts")
    func longerWait() {
        let limits = LoginThrottle.Limits(
            byUserAndNetwork: .init(count: 1, window: .seconds(10)),
            byNetwork: .init(count: 1, window: .seconds(60)))
        var throttle = LoginThrottle(limits: limits)
        throttle.recordFailure(of: attempt("ada"), at: start)
        #expect(throttle.waitingTime(for: attempt("ada"), at: start) == .seconds(60))
    }

    @Test("remembers a bounded number of names, the latest failures first")
    func boundedMemory() {
        let limits = LoginThrottle.Limits(
            byUserAndNetwork: .init(count: 1, window: .seconds(60)),
            byNetwork: .init(count: 1_000_000, window: .seconds(60)), maximumEntries: 5)
        var throttle = LoginThrottle(limits: limits)
        for index in 0..<50 {
            throttle.recordFailure(of: attempt("user\(index)", from: "192.0.2.\(index)"), at: after(index))
            #expect(throttle.entryCount <= 10)
        }
        for index in 45..<50 {
            #expect(throttle.waitingTime(for: attempt("user\(index)", from: "192.0.2.\(index)"), at: after(50)) != nil)
        }
    }

    @Test("makes room by dropping what has expired before anything that counts")
    func expiredFirst() {
        let limits = LoginThrottle.Limits(
            byUserAndNetwork: .init(count: 1, window: .seconds(60)),
            byNetwork: .init(count: 9, window: .seconds(60)), maximumEntries: 3)
        var throttle = LoginThrottle(limits: limits)
        throttle.recordFailure(of: attempt("old"), at: start)
        throttle.recordFailure(of: attempt("live"), at: after(50))
        throttle.recordFailure(of: attempt("live2"), at: after(51))
        throttle.recordFailure(of: attempt("new"), at: after(61))
        for name in ["live", "live2", "new"] {
            #expect(throttle.waitingTime(for: attempt(name), at: after(61)) != nil)
        }
    }
}

@Suite("Client networks")
struct ClientNetworkTests {
    @Test(
        "An IPv6 client is its /64, an IPv4 client its address",
        arguments: [
            ("2001:db8:1:2::1", "2001:db8:1:2:ffff::9", true), ("2001:db8:1:2::1", "2001:db8:1:3::1", false),
            ("192.0.2.1", "192.0.2.1", true), ("192.0.2.1", "192.0.2.2", false),
            ("::ffff:192.0.2.1", "192.0.2.1", true),
            ("::ffff:192.0.2.1", "::ffff:192.0.2.2", false), ("unknown", "unknown", true), ("unknown", "other", false),
        ])
    func equality(first: String, second: String, isSame: Bool) {
        #expect((ClientNetwork(of: first) == ClientNetwork(of: second)) == isSame)
    }
}
