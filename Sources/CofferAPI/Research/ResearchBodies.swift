import HTTPServer
import JSON
import Research

extension ResearchDraft {
    /// Reads `{title, query?, lease_seconds?}`.
    init(reading bytes: UnsafeRawBufferPointer) throws {
        var title: String?
        var query: String?
        var leaseSeconds: Int64?
        try ObjectBody.read(bytes) { name, cursor in
            switch name {
            case "title": title = try cursor.string(for: "title")
            case "query": query = try cursor.optionalString(for: "query")
            case "lease_seconds": leaseSeconds = try cursor.optionalInteger(for: "lease_seconds")
            default: return false
            }
            return true
        }
        try self.init(title: title.required("title"), query: query, leaseSeconds: leaseSeconds)
    }
}

extension Heartbeat {
    /// Reads `{progress?, message?}`; no body at all says neither.
    init(reading bytes: UnsafeRawBufferPointer) throws {
        var progress: Double?
        var message: String?
        if !bytes.isEmpty {
            try ObjectBody.read(bytes) { name, cursor in
                switch name {
                case "progress": progress = try cursor.optionalNumber(for: "progress")
                case "message": message = try cursor.optionalString(for: "message")
                default: return false
                }
                return true
            }
        }
        try self.init(progress: progress, message: message)
    }
}

extension Ending {
    /// Reads `{result?}`, any JSON; no body at all is no result.
    static func completed(reading bytes: UnsafeRawBufferPointer) throws -> Ending {
        var result: String?
        if !bytes.isEmpty {
            try ObjectBody.read(bytes) { name, cursor in
                guard case "result" = name else { return false }
                result = try cursor.jsonText()
                return true
            }
        }
        return try .completed(result: result)
    }

    /// Reads `{error}`.
    static func failed(reading bytes: UnsafeRawBufferPointer) throws -> Ending {
        var error: String?
        try ObjectBody.read(bytes) { name, cursor in
            guard case "error" = name else { return false }
            error = try cursor.string(for: "error")
            return true
        }
        return try .failed(error: error.required("error"))
    }
}

extension FindingDraft {
    /// Reads `{items: [{key?, kind, title, url?, content, data?}, …]}`.
    static func batch(reading bytes: UnsafeRawBufferPointer) throws -> [FindingDraft] {
        var items: [FindingDraft]?
        try ObjectBody.read(bytes) { name, cursor in
            guard case "items" = name else { return false }
            try cursor.expect(.array, for: "items")
            var read: [FindingDraft] = []
            try cursor.beginArray()
            while try cursor.nextElement() { read.append(try FindingDraft(at: &cursor)) }
            items = read
            return true
        }
        return try items.required("items")
    }

    private init(at cursor: inout JSONCursor) throws {
        var key, kind, title, url, content, data: String?
        try ObjectBody.readObject("items", &cursor) { name, cursor in
            switch name {
            case "key": key = try cursor.optionalString(for: "key")
            case "kind": kind = try cursor.string(for: "kind")
            case "title": title = try cursor.string(for: "title")
            case "url": url = try cursor.optionalString(for: "url")
            case "content": content = try cursor.string(for: "content")
            case "data": data = try cursor.jsonText()
            default: return false
            }
            return true
        }
        try self.init(
            key: key, kind: kind.required("kind"), title: title.required("title"), url: url,
            content: content.required("content"), data: data)
    }
}

extension JSONCursor {
    /// Reads a string member, or null for none.
    fileprivate mutating func optionalString(for field: String) throws -> String? {
        try isNull() ? nil : string(for: field)
    }

    /// Reads a number member, or null for none.
    fileprivate mutating func optionalNumber(for field: String) throws -> Double? {
        if try isNull() { return nil }
        try expect(.number, for: field)
        switch try readNumber() {
        case .integer(let number): return Double(number)
        case .double(let number): return number
        }
    }

    /// Reads a whole number member, or null for none.
    fileprivate mutating func optionalInteger(for field: String) throws -> Int64? {
        if try isNull() { return nil }
        try expect(.number, for: field)
        guard case .integer(let number) = try readNumber() else {
            throw Problem.invalidField(field, "must be a whole number")
        }
        return number
    }

    /// Reads any value, as its JSON text; null is none.
    fileprivate mutating func jsonText() throws -> String? {
        if try isNull() { return nil }
        var writer = JSONWriter()
        writer.write(try readValue())
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    private mutating func isNull() throws -> Bool {
        guard try peek() == .null else { return false }
        try readNull()
        return true
    }
}
