import Logging

extension FinishedRequest {
    /// Writes the line of the access log: neither query values nor header values are in it.
    func log(to logger: Logger, route: String?, path: String, id: String, client: RemoteAddress) {
        var metadata: Logger.Metadata = [
            "method": "\(method)", "path": "\(path.prefix(256))", "status": "\(status.rawValue)",
            "bytes": "\(bytesSent)", "duration_ms": "\(duration.milliseconds)", "request_id": "\(id)",
            "client": "\(client.host)",
        ]
        if let route { metadata["route"] = "\(route)" }
        if isCutShort { metadata["cut_short"] = "true" }
        logger.log(level: logLevel, "request", metadata: metadata)
    }

    /// A request that the server has failed is `info`, every other one `debug`: how many there are of which kind is
    /// what metrics tell, and health checks alone would fill a log.
    var logLevel: Logger.Level { status.rawValue >= 500 ? .info : .debug }
}

extension Duration {
    /// Milliseconds with three decimals.
    fileprivate var milliseconds: Double {
        let (seconds, attoseconds) = components
        return Double(seconds * 1_000_000 + attoseconds / 1_000_000_000_000) / 1000
    }
}
