import Glibc

/// The descriptors of this process, counted by what they are open on.
public struct DescriptorCensus: Sendable, Equatable {
    /// What a descriptor is open on; the raw values serve as label values.
    public enum Class: String, Sendable, CaseIterable {
        /// A database: a file named `*.db`.
        case main
        /// A write-ahead log: `*.db-wal`.
        case wal
        /// A wal-index: `*.db-shm`.
        case shm
        /// A socket.
        case socket
        /// Anything else.
        case other
    }

    private var counts = [Int](repeating: 0, count: Class.allCases.count)
    /// Descriptors of one class.
    public subscript(class: Class) -> Int { counts[Self.index(of: `class`)] }

    /// Descriptors of all classes.
    public var total: Int { counts.reduce(0, +) }

    /// Counts now. Asks the kernel several times for each descriptor: some microseconds. Other threads may open and
    /// close descriptors meanwhile: one that is open all the time is counted exactly once. Without `/proc` all but
    /// sockets count as other.
    public static func take() -> DescriptorCensus {
        var census = DescriptorCensus()
        OpenDescriptors.forEachClass { _, found in census.counts[index(of: found)] += 1 }
        return census
    }

    private static func index(of class: Class) -> Int {
        switch `class` {
        case .main: 0
        case .wal: 1
        case .shm: 2
        case .socket: 3
        case .other: 4
        }
    }
}
