import Accounts
import Testing

@testable import coffer

@Suite("Written values of settings")
struct ValueFormatTests {
    @Test("rates of events")
    func eventRates() {
        #expect(ValueFormats.eventRate("20/1h") == RateLimit(count: 20, window: .seconds(3600)))
        for text in ["", "20", "/", "20/", "/1h", "0/1h", "20/0s", "20/1h/1h", "-1/1h", "20/1", "10001/1h"] {
            #expect(ValueFormats.eventRate(text) == nil, "\(text)")
        }
    }

    @Test(
        "durations",
        arguments: [
            ("500ms", .milliseconds(500)), ("30s", .seconds(30)), ("5m", .seconds(300)), ("2h", .seconds(7200)),
            ("30d", .seconds(2_592_000)), ("007s", .seconds(7)),
            ("3650d", .seconds(315_360_000)), ("315360000000ms", .seconds(315_360_000)),
        ] as [(String, Duration)])
    func durations(_ text: String, _ expected: Duration) {
        #expect(ValueFormats.duration(text) == expected)
    }

    @Test(
        "what is no duration",
        arguments: [
            "", "0s", "0d", "5", "s", "-1s", "1.5s", "5 s", "5S", "5sec", "5s ", " 5s", "1h30m", "٣s",
            "9223372036854775807d", "9223372036854775808s", "+5s", "3651d", "99999999d", "315360000001ms",
            "9223372036854775807ms",
        ])
    func refusedDurations(_ text: String) {
        #expect(ValueFormats.duration(text) == nil)
    }

    @Test(
        "sizes",
        arguments: [
            ("64KiB", 65_536), ("8MiB", 8_388_608), ("1GiB", 1_073_741_824), ("100", 100), ("100B", 100),
            ("1024GiB", 1 << 40), ("1099511627776", 1 << 40),
        ])
    func sizes(_ text: String, _ expected: Int) {
        #expect(ValueFormats.size(text) == expected)
    }

    @Test(
        "what is no size",
        arguments: [
            "", "0", "0KiB", "KiB", "8MB", "8 MiB", "-1", "1.5GiB", "8mib", "0x10", "9223372036854775807GiB", "+1",
            "1025GiB", "1099511627777", "8589934591GiB", "9223372036854775807",
        ])
    func refusedSizes(_ text: String) {
        #expect(ValueFormats.size(text) == nil)
    }

    @Test("zero is for those durations that may be none")
    func zero() {
        #expect(ValueFormats.durationOrZero("0s") == .zero)
        #expect(ValueFormats.durationOrZero("-1s") == nil)
    }

    @Test("counts begin at 1, and 'off' is for those that may be off")
    func counts() {
        #expect(ValueFormats.count("1") == 1)
        #expect(ValueFormats.count("1000000000") == 1_000_000_000)
        for text in ["0", "-1", "", "1.0", "off", " 1", "9223372036854775808", "1000000001"] {
            #expect(ValueFormats.count(text) == nil, "\(text)")
        }
        #expect(ValueFormats.countOrOff("off") == 0)
        #expect(ValueFormats.countOrOff("12") == 12)
        #expect(ValueFormats.countOrOff("0") == nil)
    }

    @Test("a rate is a size per second")
    func rates() {
        #expect(ValueFormats.byteRate("1KiB/s") == 1024)
        #expect(ValueFormats.byteRate("1GiB/s") == 1 << 30)
        for text in ["0/s", "1KiB", "/s", "1KiB/m", "1KiB / s", "1073741825/s", "8589934591GiB/s"] {
            #expect(ValueFormats.byteRate(text) == nil, "\(text)")
        }
    }
}
