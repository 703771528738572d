import ConnectionPool

/// One open engine, as an operator sees it.
public struct EngineDescription: Sendable {
    /// Whose engine it is.
    public let user: UserID
    /// Requests that use it now.
    public let uses: Int
    /// Whether a session or a research of the user is live.
    public let isActive: Bool
    /// The time since the last use began or ended.
    public let unused: Duration
    /// What the reader pool holds.
    public let readers: PoolOccupancy
    /// What the writer pool holds.
    public let writers: PoolOccupancy
    /// What the service database's pool holds.
    public let services: PoolOccupancy
}

extension EngineRegistry {
    /// The open engines, those unused for longest first.
    public func descriptions() -> [EngineDescription] {
        let now = time.now
        let engines = Dictionary(roster.all.map { ($0.user, $0) }, uniquingKeysWith: { $1 })
        return snapshots().sorted { $0.lastUsed < $1.lastUsed }.compactMap { snapshot in
            guard let engine = engines[snapshot.user] else { return nil }
            return EngineDescription(
                user: snapshot.user, uses: snapshot.uses, isActive: snapshot.isActive,
                unused: snapshot.lastUsed.duration(to: now), readers: engine.readers.gauges.occupancy,
                writers: engine.writer.gauges.occupancy, services: engine.service.gauges.occupancy)
        }
    }
}
