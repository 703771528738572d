import HTTPServer
import Research

extension PageRequest {
    /// The most items of one reply.
    static let maximumLimit = 200

    /// Reads `?limit=` and `?cursor=`, which is what an earlier reply gave as `next_cursor`.
    init(_ request: Request, maximumBytes: Int, defaultLimit: Int = 50) throws {
        var limit = defaultLimit
        if let text = request.query("limit") {
            guard let number = Int(text), (1...Self.maximumLimit).contains(number) else {
                throw Problem.invalidField("limit", "must be a whole number from 1 to \(Self.maximumLimit)")
            }
            limit = number
        }
        var cursor: Int64?
        if let text = request.query("cursor") {
            guard let number = Int64(text), number >= 0 else {
                throw Problem.invalidField("cursor", "is not one that a list has given")
            }
            cursor = number
        }
        self.init(limit: limit, cursor: cursor, maximumBytes: maximumBytes)
    }
}
