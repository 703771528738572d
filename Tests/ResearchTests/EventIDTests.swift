import Testing

@testable import Research

@Suite("Names of events")
struct EventIDTests {
    @Test("What is written is read back", arguments: ["0123456789abcdef-1", "ended-0", "a-18446744073709551615"])
    func roundTrip(text: String) {
        #expect(EventID(text)?.description == text)
    }

    @Test(
        "Anything else is refused",
        arguments: [
            "", "-", "a-", "-1", "a1", "a-1-2", "A-1", "a-x", "a- 1", "a--1", "a-+1", "ä-1", "a-18446744073709551616",
            "a-00000000000000000000001", "0123456789abcdef0123456789abcdef0-1",
        ])
    func malformed(text: String) {
        #expect(EventID(text) == nil)
    }

    @Test("A process has an epoch of its own, of 16 digits")
    func epochs() {
        let epochs = (0..<100).map { _ in EventID.randomEpoch() }
        #expect(Set(epochs).count == 100)
        #expect(epochs.allSatisfy { $0.utf8.count == 16 && EventID("\($0)-1") != nil })
    }
}
