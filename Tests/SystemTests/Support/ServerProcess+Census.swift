import CofferTesting
import Testing

/// What a server has open: files as the kernel tells, all else by its metrics.
struct ServerCensus: Equatable, Sendable {
    /// The paths of its descriptors.
    var files: [String] = []
    /// How many have no path, without sockets, which are the clients'.
    var others = 0
    var engines = 0
    var connections = 0
    var lockEntries = 0
}

extension ServerProcess {
    /// Bytes of memory that are really there.
    func residentMemory() async throws -> Int {
        let name = "process_resident_memory_bytes "
        let line = try await call("GET", "/metrics").text.split(separator: "\n").first { $0.hasPrefix(name) }
        return try #require(line.flatMap { Int($0.dropFirst(name.count)) })
    }
}

extension ServerProcess {
    /// Asks on the kept connection.
    func census() async throws -> ServerCensus {
        let metrics = try await call("GET", "/metrics").text
        // The server looks into /proc now and then.
        let open = OpenFiles.paths(ofProcess: process.id).filter { !$0.hasPrefix("/proc/") && !$0.hasPrefix("socket:") }
        let files = open.filter { $0.hasPrefix("/") }
        var census = ServerCensus(files: files, others: open.count - files.count)
        for line in metrics.split(separator: "\n") {
            guard let space = line.lastIndex(of: " "), let value = Int(line[line.index(after: space)...]) else {
                continue
            }
            let series = line[..<space]
            if series.hasPrefix("coffer_engines{") {
                census.engines += value
            } else if series.hasPrefix("coffer_connections{") {
                census.connections += value
            } else if series.hasPrefix("coffer_user_lock_entries{") {
                census.lockEntries += value
            }
        }
        return census
    }
}
