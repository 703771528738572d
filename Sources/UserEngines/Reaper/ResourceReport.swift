import Logging
import Metrics

/// What the server holds at the end of a pass, for the log.
struct ResourceReport {
    /// The share of the limit on descriptors beyond which there is a warning.
    static let warningShare = 0.8

    let descriptors: DescriptorCensus
    let limit: Int
    let engines: RegistryCensus
    let protectedUsers: Int
    let locksHeld: Int

    /// Writes one line, and a second one when descriptors run short.
    func log(to logger: Logger) {
        logger.info("resource monitor", metadata: metadata)
        if Self.isShort(open: descriptors.total, limit: limit) {
            logger.warning("more than 80 % of the file descriptors are in use", metadata: metadata)
        }
    }

    static func isShort(open: Int, limit: Int) -> Bool {
        Double(open) > warningShare * Double(limit)
    }

    private var metadata: Logger.Metadata {
        let connections = engines.total.occupancy
        var metadata: Logger.Metadata = [
            "open_fds": "\(descriptors.total)", "limit": "\(limit)", "engines": "\(engines.open)",
            "connections": "\(connections.total)", "leased": "\(connections.leased)",
            "protected_users": "\(protectedUsers)", "locks_held": "\(locksHeld)",
        ]
        for kind in DescriptorCensus.Class.allCases { metadata["fds_\(kind.rawValue)"] = "\(descriptors[kind])" }
        return metadata
    }
}
