/// What a client says of a research that is to be started.
public struct ResearchDraft: Sendable {
    let title: String
    let query: String?
    let leaseSeconds: Int64?

    /// Checks the values; throws ``ResearchError/invalidField(_:_:)``.
    ///
    /// - Parameter leaseSeconds: from 1 up; `nil` for the server's own.
    public init(title: String, query: String? = nil, leaseSeconds: Int64? = nil) throws(ResearchError) {
        try Bounds.check(title, "title", 1...1000)
        if let query { try Bounds.check(query, "query", 0...10_000) }
        self.title = title
        self.query = query
        self.leaseSeconds = leaseSeconds
    }
}

/// What a worker says of its research.
public struct Heartbeat: Sendable {
    let progress: Int?
    let message: String?

    /// Checks the values; throws ``ResearchError/invalidField(_:_:)``. A fraction of a percent is cut off.
    public init(progress: Double? = nil, message: String? = nil) throws(ResearchError) {
        if let progress, !(0...100).contains(progress) {
            throw .invalidField("progress", "must be a number from 0 to 100")
        }
        if let message { try Bounds.check(message, "message", 0...2000) }
        self.progress = progress.map { Int($0) }
        self.message = message
    }
}

/// How a research ends.
public struct Ending: Sendable {
    let state: ResearchRecord.State
    let error: String?
    let result: String?

    /// It is done. `result` is JSON text of up to 1 MiB.
    public static func completed(result: String?) throws(ResearchError) -> Ending {
        if let result { try Bounds.check(result, "result", 0...(1 << 20)) }
        return Ending(state: .completed, error: nil, result: result)
    }

    /// It cannot be done.
    public static func failed(error: String) throws(ResearchError) -> Ending {
        try Bounds.check(error, "error", 1...10_000)
        return Ending(state: .failed, error: error, result: nil)
    }

    /// It is called off.
    public static let cancelled = Ending(state: .cancelled, error: nil, result: nil)
}

enum Bounds {
    /// Checks the bytes of a text in UTF-8.
    static func check(_ text: String, _ field: String, _ range: ClosedRange<Int>) throws(ResearchError) {
        guard range.contains(text.utf8.count) else {
            throw .invalidField(field, "must have \(range.lowerBound) to \(range.upperBound) bytes of UTF-8")
        }
    }
}
