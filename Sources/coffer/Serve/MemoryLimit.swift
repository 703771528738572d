import Glibc

/// The memory that the control group of this process may use, beyond which the kernel kills it.
///
/// See https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files and
/// https://docs.kernel.org/admin-guide/cgroup-v1/memory.html.
enum MemoryLimit {
    /// Where version 1 says that there is none: a number of pages that no machine has.
    private static let unlimited: UInt64 = 1 << 60

    /// The least limit of the group and those it lies in, in bytes; `nil` if none limits it or they cannot be seen.
    ///
    /// - Parameter root: where `/proc` and `/sys` are.
    static func current(root: String = "") -> UInt64? {
        var limits: [UInt64] = []
        for line in text(of: root + "/proc/self/cgroup").split(separator: "\n") {
            // "0::/path" of version 2, "4:memory:/path" of version 1.
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let isVersion2 = fields[0] == "0" && fields[1].isEmpty
            guard isVersion2 || fields[1].split(separator: ",").contains("memory") else { continue }
            let directory = root + (isVersion2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory")
            let file = isVersion2 ? "memory.max" : "memory.limit_in_bytes"
            for group in groups(fields[2]) {
                if let limit = UInt64(text(of: directory + group + "/" + file).prefix { $0.isNumber }) {
                    limits.append(limit)
                }
            }
        }
        return limits.min().flatMap { $0 < unlimited ? $0 : nil }
    }

    /// A group and all that it lies in, up to the one without a name. A container may see no more than that one.
    private static func groups(_ path: Substring) -> [String] {
        let names = path.split(separator: "/")
        return (0...names.count).map { names.prefix($0).map { "/" + $0 }.joined() }
    }

    private static func text(of path: String) -> String {
        String(decoding: (try? TextFile.bytes(of: path, atMost: 4096)) ?? [], as: UTF8.self)
    }
}
