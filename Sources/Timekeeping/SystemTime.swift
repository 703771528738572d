import Glibc

/// The clocks of the operating system.
public struct SystemTime: TimeSource {
    /// Makes the system's time source; it has no state of its own.
    public init() {}

    /// `CLOCK_MONOTONIC`, read through the vDSO: no system call.
    public var now: MonotonicInstant {
        MonotonicInstant(nanoseconds: Self.read(CLOCK_MONOTONIC))
    }

    /// `CLOCK_REALTIME`.
    public var unixTime: UnixTime {
        UnixTime(milliseconds: Self.read(CLOCK_REALTIME) / 1_000_000)
    }

    /// Sleeps without holding a thread.
    public func sleep(until deadline: MonotonicInstant) async throws {
        try await Task.sleep(for: now.duration(to: deadline))
    }

    private static func read(_ clock: clockid_t) -> Int64 {
        var value = timespec()
        clock_gettime(clock, &value)
        return Int64(value.tv_sec) * 1_000_000_000 + Int64(value.tv_nsec)
    }
}
