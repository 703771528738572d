import Testing
import Timekeeping

/// Looks until `condition` holds, for at most 20 seconds of real time; whether it came to hold.
func eventually(_ condition: () async -> Bool) async -> Bool {
    let deadline = SystemTime().now.advanced(by: .seconds(20))
    while SystemTime().now < deadline {
        if await condition() { return true }
        try? await SystemTime().sleep(for: .milliseconds(5))
    }
    return await condition()
}
