import Backups
import Glibc
import HTTPServer

/// A file that never changes as a response: whole, or the part that a `Range` asks for.
/// See https://www.rfc-editor.org/rfc/rfc9110#section-14.
struct FileDownload {
    let path: String
    /// Quoted, and strong: the same bytes for ever.
    let entityTag: String
    /// Kept for as long as the file is open.
    let permit: any Sendable

    func response(to request: Request) throws -> Response {
        var headers: ResponseHeaders = [
            "ETag": entityTag, "Accept-Ranges": "bytes", "Cache-Control": "private, no-cache",
        ]
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw errno == ENOENT ? BackupError.notFound : DownloadError(errno: errno)
        }
        // Only now: what is not there has not stayed the same.
        if request.header("If-None-Match").map(matches) ?? false {
            close(descriptor)
            return Response(304, headers: headers)
        }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else {
            let error = DownloadError(errno: errno)
            close(descriptor)
            throw error
        }
        let size = Int64(status.st_size)
        headers["Content-Type"] = "application/octet-stream"
        switch range(of: request, size: size) {
        case .whole:
            let whole = FileContent(descriptor: descriptor, count: size, companion: permit)
            return Response(.ok, headers: headers, body: .file(whole))
        case .part(let range):
            headers["Content-Range"] = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(size)"
            let part = FileContent(
                descriptor: descriptor, offset: range.lowerBound, count: Int64(range.count), companion: permit)
            return Response(206, headers: headers, body: .file(part))
        case .unsatisfiable:
            close(descriptor)
            throw Problem(
                416, "range_not_satisfiable", detail: "The file has \(size) bytes.",
                headers: ["Content-Range": "bytes */\(size)"])
        }
    }

    /// Only GET knows ranges (https://www.rfc-editor.org/rfc/rfc9110#section-14.2), and a range of what the client has
    /// no part of any more would be useless to it.
    private func range(of request: Request, size: Int64) -> ByteRange {
        guard request.method == .get, let field = request.header("Range"),
            request.header("If-Range").map({ $0.trimmed() == entityTag }) ?? true
        else { return .whole }
        return ByteRange.parse(field, size: size)
    }

    private func matches(_ field: String) -> Bool {
        field.split(separator: ",").contains { candidate in
            let tag = candidate.trimmed()
            return tag == "*" || tag == entityTag || tag == "W/" + entityTag
        }
    }
}

/// A file that is there could not be read.
struct DownloadError: Error {
    let errno: Int32
}

/// What a `Range` field asks for. Other units, several ranges and what is no range are ignored, as RFC 9110 allows.
enum ByteRange: Equatable {
    case whole
    case part(Range<Int64>)
    case unsatisfiable

    static func parse(_ field: String, size: Int64) -> ByteRange {
        let parts = field.trimmed().split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
        guard parts.count == 2, parts[0].lowercased() == "bytes" else { return .whole }
        let ends = parts[1].trimmed().split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let first = position(ends[0]), let last = position(ends[1]) else { return .whole }
        switch (first, last) {
        case (nil, nil): return .whole
        case (nil, let count?):
            guard count > 0, size > 0 else { return .unsatisfiable }
            return .part(max(0, size - count)..<size)
        case (let first?, let last):
            guard last.map({ $0 >= first }) ?? true else { return .whole }
            guard first < size else { return .unsatisfiable }
            return .part(first..<min(size, (last ?? size - 1) + 1))
        }
    }

    /// A number, `.some(nil)` for nothing, `nil` for anything else. One that is too large is beyond every file, and has
    /// a successor.
    private static func position(_ text: Substring) -> Int64?? {
        guard !text.isEmpty else { return .some(nil) }
        guard text.utf8.allSatisfy({ (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }) else { return nil }
        return .some(min(Int64(text) ?? .max, .max - 1))
    }
}

extension StringProtocol {
    /// Without spaces and tabs at its ends.
    func trimmed() -> Substring {
        let isBlank: (Character) -> Bool = { $0 == " " || $0 == "\t" }
        let start = firstIndex { !isBlank($0) } ?? endIndex
        let end = lastIndex { !isBlank($0) }.map { index(after: $0) } ?? start
        return Substring(self[start..<end])
    }
}
