import CofferTesting
import Testing

/// What a server has open: files as the kernel tells, all else by its metrics.
struct ServerCensus: Equatable, Sendable {
    /// The paths of its descriptors. Sockets are the clients', and what has no path is the runtime's, which makes some of
    /// it when the server listens already.
    var files: [String] = []
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
        var census = ServerCensus(
            files: OpenFiles.paths(ofProcess: process.id).filter { path in
                // The server looks into /proc now and then.
                path.hasPrefix("/") && !path.hasPrefix("/proc/")
            })
        for line in try await call("GET", "/metrics").text.split(separator: "\n") {
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
