import Logging

extension FinishedRequest {
    /// Writes the line of the access log: neither query values nor header values are in it.
    func log(to logger: Logger, path: String, id: String, client: RemoteAddress) {
        guard logger.logLevel <= .info else { return }
        var metadata: Logger.Metadata = [
            "method": "\(method)", "path": "\(path.prefix(256))", "status": "\(status.rawValue)",
            "bytes": "\(bytesSent)", "duration_ms": "\(duration.milliseconds)", "request_id": "\(id)",
            "client": "\(client.host)",
        ]
        if let route { metadata["route"] = "\(route)" }
        if isCutShort { metadata["cut_short"] = "true" }
        logger.info("request", metadata: metadata)
    }
}

extension Duration {
    /// Milliseconds with three decimals.
    fileprivate var milliseconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds * 1_000_000 + attoseconds / 1_000_000_000_000) / 1000
    }
}
