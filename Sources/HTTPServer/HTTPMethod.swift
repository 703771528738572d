/// A request method, case-sensitive as HTTP has it (https://www.rfc-editor.org/rfc/rfc9110#section-9).
public enum HTTPMethod: Hashable, Sendable, CustomStringConvertible {
    /// A route for it answers `HEAD` as well.
    case get
    case head
    case post
    case put
    case patch
    case delete
    /// Answered with 204 and `Allow` where no route takes it.
    case options
    /// Any other, as it stands in the request line; made by ``init(_:)``, so that no method has two forms.
    case other(String)

    /// Makes a method from its name.
    public init(_ name: String) {
        self =
            switch name {
            case "GET": .get
            case "HEAD": .head
            case "POST": .post
            case "PUT": .put
            case "PATCH": .patch
            case "DELETE": .delete
            case "OPTIONS": .options
            default: .other(name)
            }
    }

    /// The method of a request line, or `nil` if it is not a token.
    init?(_ name: UnsafePointer<CChar>) {
        let token = UnsafeRawBufferPointer(UnsafeBufferPointer(cString: name))
        guard token.isToken else { return nil }
        self.init(String(decoding: token, as: UTF8.self))
    }

    /// The name, as in the request line.
    public var name: String {
        switch self {
        case .get: "GET"
        case .head: "HEAD"
        case .post: "POST"
        case .put: "PUT"
        case .patch: "PATCH"
        case .delete: "DELETE"
        case .options: "OPTIONS"
        case .other(let name): name
        }
    }

    /// The name, as in the request line.
    public var description: String { name }
}
