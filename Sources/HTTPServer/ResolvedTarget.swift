import Glibc

/// What a request line asks for, and what that leads to. Clients ask for the same again and again, so a connection
/// keeps its last one, and a request only refers to it.
final class ResolvedTarget: Sendable {
    /// A longer one is not kept: an idle connection is to cost little.
    private static let longestKept = 256

    /// As it was sent.
    let bytes: [UInt8]
    /// Why it means nothing: `malformed_request`.
    let problem: Problem?
    /// The path as it was sent, still encoded; `-` with a problem.
    let path: String
    let query: [QueryItem]
    /// `nil` for an unknown path.
    let endpoint: Router.Endpoint?
    /// The decoded values of the path's parameters, in order.
    let parameters: [String]

    init(_ bytes: [UInt8], in router: Router) {
        self.bytes = bytes
        do throws(Problem) {
            let target = try RequestTarget(parsing: bytes)
            let found = router.endpoint(at: target.segments)
            problem = nil
            path = target.path
            query = target.query
            endpoint = found?.endpoint
            parameters = found?.parameters ?? []
        } catch {
            problem = error
            path = "-"
            query = []
            endpoint = nil
            parameters = []
        }
    }

    /// What the parts make, without a server.
    init(path: String, query: [QueryItem], parameters: [String]) {
        bytes = Array(path.utf8)
        problem = nil
        self.path = path
        self.query = query
        endpoint = nil
        self.parameters = parameters
    }

    /// Of a request that was refused before anything could be made of it.
    static let unread = ResolvedTarget(path: "-", query: [], parameters: [])

    var isWorthKeeping: Bool { bytes.count <= Self.longestKept }

    func matches(_ other: UnsafeBufferPointer<UInt8>) -> Bool {
        bytes.count == other.count && (other.isEmpty || memcmp(bytes, other.baseAddress!, other.count) == 0)
    }
}
