import CofferTesting
import Testing
import Timekeeping

@Suite struct TimeTests {
    @Test("an instant saturates at the ends of its range")
    func saturation() {
        let late = MonotonicInstant(nanoseconds: .max - 1)
        #expect(late.advanced(by: .seconds(1)).nanoseconds == .max)
        let early = MonotonicInstant(nanoseconds: .min + 1)
        #expect(early.advanced(by: .seconds(-1)).nanoseconds == .min)
        #expect(Duration.seconds(Int64.max).wholeNanoseconds == .max)
        #expect(Duration.seconds(Int64.min).wholeNanoseconds == .min)
    }

    @Test(
        "a duration in nanoseconds is cut towards zero, however long it is",
        arguments: [
            (0, 999_999_999, 0), (0, 1_000_000_000, 1), (0, 1_999_999_999, 1),
            (9, 223_372_036_854_775_807, 9_223_372_036),
            (4722, 366_482_869_645_213_695, 4_722_366_482_869), (4722, 366_482_869_645_213_696, 4_722_366_482_869),
            (4723, 999_999_999, 4_723_000_000_000), (86400, 1_999_999_999, 86_400_000_000_001),
        ] as [(Int64, Int64, Int64)])
    func wholeNanoseconds(seconds: Int64, attoseconds: Int64, expected: Int64) {
        let duration = Duration(secondsComponent: seconds, attosecondsComponent: attoseconds)
        #expect(duration.wholeNanoseconds == expected)
        #expect((.zero - duration).wholeNanoseconds == -expected)
    }

    @Test(
        "a wall time is written in UTC with milliseconds",
        arguments: [
            (0, "1970-01-01T00:00:00.000Z"), (951_782_400_001, "2000-02-29T00:00:00.001Z"),
            (-1, "1969-12-31T23:59:59.999Z"), (4_102_444_799_999, "2099-12-31T23:59:59.999Z"),
        ] as [(Int64, String)])
    func iso8601(milliseconds: Int64, text: String) {
        #expect(UnixTime(milliseconds: milliseconds).iso8601 == text)
    }

    @Test("a sleeper on the manual clock wakes when its deadline has come, and not before")
    func manualSleep() async throws {
        let time = ManualTime()
        let woken = Gate(open: true)
        let sleeper = Task {
            try await time.sleep(for: .seconds(10))
            await woken.pass()
        }
        await time.sleepers(atLeast: 1)
        time.advance(by: .seconds(9))
        #expect(time.sleeperCount == 1)
        time.advance(by: .seconds(1))
        await woken.arrivals(atLeast: 1)
        try await sleeper.value
        #expect(time.sleeperCount == 0)
    }

    @Test("a cancelled sleeper leaves the manual clock")
    func cancelledSleep() async {
        let time = ManualTime()
        let sleeper = Task { try await time.sleep(for: .seconds(10)) }
        await time.sleepers(atLeast: 1)
        sleeper.cancel()
        await #expect(throws: CancellationError.self) { try await sleeper.value }
        #expect(time.sleeperCount == 0)
    }
}
