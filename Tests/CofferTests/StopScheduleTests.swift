import Testing

@testable import coffer

@Suite("Time of a stop")
struct StopScheduleTests {
    @Test(
        "requests get most of it, and closing the databases what is left",
        arguments: [
            (.seconds(25), .seconds(20), .seconds(2)), (.seconds(8), .seconds(4), .seconds(2)),
            (.seconds(2), .seconds(1), .milliseconds(500)),
        ] as [(Duration, Duration, Duration)])
    func shares(_ total: Duration, _ requests: Duration, _ grace: Duration) {
        let schedule = StopSchedule(total: total)
        #expect(schedule.requests == requests)
        #expect(schedule.grace == grace)
        #expect(schedule.requests + schedule.grace < schedule.total)
    }
}
