import CofferAPI
import Secrets

extension AdminToken {
    /// The token of the two settings that may hold it; `nil` if neither does.
    static func read(text: String?, file: String?) throws -> AdminToken? {
        if text != nil, file != nil { throw AdminTokenError.both }
        if let text { return try AdminToken(Array(text.utf8)) }
        guard let file else { return nil }
        do {
            var bytes = try TextFile.bytes(of: file)
            defer { bytes.wipe() }
            let words = bytes.split { $0 <= 0x20 }
            guard let token = words.first else { throw AdminTokenError.empty(file) }
            guard words.count == 1 else { throw AdminTokenError.severalWords(file) }
            return try AdminToken(Array(token))
        } catch let error as TextFile.Unreadable {
            throw AdminTokenError.unreadable(file, reason: error.reason)
        }
    }
}

/// Why there is no admin token although one was meant.
enum AdminTokenError: Error, CustomStringConvertible {
    case both
    case empty(String)
    case severalWords(String)
    case unreadable(String, reason: String)

    var description: String {
        switch self {
        case .both: "COFFER_ADMIN_TOKEN and COFFER_ADMIN_TOKEN_FILE are both set; set one of them"
        case .empty(let file): "COFFER_ADMIN_TOKEN_FILE names \(file), which holds no token"
        case .severalWords(let file):
            "COFFER_ADMIN_TOKEN_FILE names \(file), which holds more than a token; a token has no spaces and one line"
        case .unreadable(let file, let reason): "COFFER_ADMIN_TOKEN_FILE names \(file), which cannot be read: \(reason)"
        }
    }
}
