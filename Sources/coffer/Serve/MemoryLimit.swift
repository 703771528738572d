import Glibc

/// The memory that the control group of this process may use, beyond which the kernel kills it.
///
/// See https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files and
/// https://docs.kernel.org/admin-guide/cgroup-v1/memory.html.
struct MemoryLimit: Sendable {
    /// Where version 1 says that there is none: a number of pages that no machine has.
    private static let unlimited: UInt64 = 1 << 60
    /// Longer than any number that these files hold.
    private static let longestNumber = 64

    /// Those that say the limits of the group and of those it lies in.
    private let files: [String]

    /// Finds the group. A process that is moved into another one later is not followed, nor is a
    /// limit found that the group gets only then.
    ///
    /// - Parameter root: where `/proc` and `/sys` are.
    init(root: String = "") {
        var files: [String] = []
        for line in Self.text(of: root + "/proc/self/cgroup", atMost: 4096).split(separator: "\n") {
            // "0::/path" of version 2, "4:memory:/path" of version 1.
            let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
            guard fields.count == 3 else { continue }
            let isVersion2 = fields[0] == "0" && fields[1].isEmpty
            guard isVersion2 || fields[1].split(separator: ",").contains("memory") else { continue }
            let directory = root + (isVersion2 ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory")
            let file = isVersion2 ? "memory.max" : "memory.limit_in_bytes"
            files += Self.groups(fields[2]).map { directory + $0 + "/" + file }
        }
        self.files = files.filter { access($0, R_OK) == 0 }
    }

    /// The least limit of them in bytes now, for it may be changed at any time; `nil` if none limits the group or they
    /// cannot be seen.
    var bytes: UInt64? {
        files.compactMap { UInt64(Self.text(of: $0, atMost: Self.longestNumber).prefix { $0.isNumber }) }.min()
            .flatMap { $0 < Self.unlimited ? $0 : nil }
    }

    /// A group and all that it lies in, up to the one without a name. A container may see no more than that one.
    private static func groups(_ path: Substring) -> [String] {
        let names = path.split(separator: "/")
        return (0...names.count).map { names.prefix($0).map { "/" + $0 }.joined() }
    }

    private static func text(of path: String, atMost limit: Int) -> String {
        String(decoding: (try? TextFile.bytes(of: path, atMost: limit)) ?? [], as: UTF8.self)
    }
}
