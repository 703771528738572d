/// A request method, case-sensitive as HTTP has it (https://www.rfc-editor.org/rfc/rfc9110#section-9).
public struct HTTPMethod: RawRepresentable, Hashable, Sendable, CustomStringConvertible {
    /// The method as it stands in the request line.
    public let rawValue: String

    /// Makes a method from its name.
    public init(rawValue: String) {
        self.rawValue = rawValue
    }

    /// The name, as in the request line.
    public var description: String { rawValue }

    /// `GET`; a route for it answers `HEAD` as well.
    public static let get = HTTPMethod(rawValue: "GET")
    /// `HEAD`.
    public static let head = HTTPMethod(rawValue: "HEAD")
    /// `POST`.
    public static let post = HTTPMethod(rawValue: "POST")
    /// `PUT`.
    public static let put = HTTPMethod(rawValue: "PUT")
    /// `PATCH`.
    public static let patch = HTTPMethod(rawValue: "PATCH")
    /// `DELETE`.
    public static let delete = HTTPMethod(rawValue: "DELETE")
    /// `OPTIONS`; answered with 204 and `Allow` where no route takes it.
    public static let options = HTTPMethod(rawValue: "OPTIONS")

    /// The method of a request line, or `nil` if it is not a token.
    init?(_ name: UnsafePointer<CChar>) {
        let token = UnsafeRawBufferPointer(UnsafeBufferPointer(cString: name))
        guard token.isToken else { return nil }
        rawValue = String(decoding: token, as: UTF8.self)
    }
}
