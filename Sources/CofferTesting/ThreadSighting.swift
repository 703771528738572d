import Glibc

/// What the present thread looked like.
public struct ThreadSighting: Sendable {
    /// Its directory, `/proc/PROCESS/task/THREAD`. See https://man7.org/linux/man-pages/man5/proc_thread-self.5.html.
    public let path: String
    /// Its nice value: -20 is the highest priority, 0 the ordinary one, 19 the lowest.
    public let niceness = ThreadSighting.presentNiceness

    /// Looks at the present thread.
    public init() {
        let target = realpath("/proc/thread-self", nil)
        defer { free(target) }
        path = target.map { String(cString: $0) } ?? ""
    }

    /// The nice value of the present thread.
    public static var presentNiceness: Int32 {
        getpriority(__priority_which_t(PRIO_PROCESS.rawValue), 0)
    }

    /// Whether the thread has not ended.
    public var exists: Bool { access(path, F_OK) == 0 }
}
