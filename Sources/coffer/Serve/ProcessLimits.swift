import Glibc

/// What the process asks of the system before it opens anything.
enum ProcessLimits {
    static func prepare() {
        raiseDescriptorLimit()
        // Files are for their owner alone, whatever the caller's habit.
        umask(0o077)
        // A client that goes away shows as an error of the write, not as the end of the process.
        signal(SIGPIPE, SIG_IGN)
    }

    /// Raises the soft limit on file descriptors to the hard one.
    private static func raiseDescriptorLimit() {
        var limit = rlimit()
        guard getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit) == 0 else { return }
        limit.rlim_cur = limit.rlim_max
        setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    }
}

/// The processors of this machine.
enum ProcessorCount {
    /// Those that are switched on; at least 1.
    static var online: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
}
