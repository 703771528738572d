/// Why something about a research was refused.
public enum ResearchError: Error, Equatable, Sendable {
    /// The user has no such research.
    case notFound
    /// The token is not one that may do this.
    case notAuthorized(String)
    /// The research has ended.
    case ended(ResearchRecord.State)
    /// A research of the user is running, and what was asked for cannot be done beside it.
    case active
    /// A value is not what it must be.
    case invalidField(String, String)
}
