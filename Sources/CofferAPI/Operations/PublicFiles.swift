import Glibc
import HTTPServer
import JSON

/// The landing page and the OpenAPI document, read once at the start: they are small and do not change.
struct PublicFiles: Sendable {
    private static let files: [(path: String, name: String, contentType: String)] = [
        ("/", "index.html", "text/html; charset=utf-8"),
        ("/style.css", "style.css", "text/css; charset=utf-8"),
        ("/openapi.json", "openapi.json", "application/json"),
    ]

    private let contents: [(path: String, contentType: String, bytes: Bytes)]

    /// Reads what there is in the directory; a file that is missing has no route.
    init(directory: String) {
        contents = Self.files.compactMap { file in
            Self.read("\(directory)/\(file.name)").map { (file.path, file.contentType, $0) }
        }
    }

    func add(to router: inout Router) {
        for file in contents {
            router.inline(.get, file.path) { _ in
                let headers: ResponseHeaders = [
                    "Content-Type": file.contentType, "Cache-Control": "no-cache",
                    "Content-Security-Policy": "default-src 'self'",
                ]
                return .now(Response(headers: headers, body: .bytes(file.bytes)))
            }
        }
    }

    private static func read(_ path: String) -> Bytes? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { return nil }
        var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return count == bytes.count ? Bytes(bytes) : nil
    }
}
