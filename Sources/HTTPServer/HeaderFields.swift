import Glibc

/// The header fields of a request, in the order they came.
///
/// They carry tokens, so they lie in one allocation that is wiped when the request is over.
///
/// Sound as `@unchecked Sendable`: nothing changes after ``Builder/build()``.
public struct HeaderFields: @unchecked Sendable {
    private let storage: HeaderStorage

    /// The number of fields.
    public var count: Int { storage.count }

    /// The value of the first field of that name, whose case does not matter; `nil` without one.
    public subscript(name: StaticString) -> String? {
        withBytes(of: name) { String(decoding: $0, as: UTF8.self) }
    }

    /// Every value of that name, in order.
    public func values(of name: StaticString) -> [String] {
        (0..<storage.count).filter { storage.name(at: $0).equalsIgnoringCase(name) }.map {
            String(decoding: storage.value(at: $0), as: UTF8.self)
        }
    }

    /// Hands out the bytes of the first value of that name without copying them; `nil` without one. For secrets: a
    /// `String` made of them could not be wiped.
    public func withBytes<Result>(of name: StaticString, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
        -> Result?
    {
        for index in 0..<storage.count where storage.name(at: index).equalsIgnoringCase(name) {
            return try body(storage.value(at: index))
        }
        return nil
    }

    func count(of name: StaticString) -> Int {
        (0..<storage.count).count { storage.name(at: $0).equalsIgnoringCase(name) }
    }

    /// Whether every name is a token and no value has a control character. A space before the colon is among what
    /// this finds (https://www.rfc-editor.org/rfc/rfc9112#section-5.1).
    var areWellFormed: Bool {
        for index in 0..<storage.count where !storage.name(at: index).isToken { return false }
        // Those of names have been looked at, but all together takes less time than each value alone.
        return storage.bytes.isPlainLine
    }

    /// Collects fields into one allocation.
    struct Builder: ~Copyable {
        private let storage: HeaderStorage

        /// Makes room for at most `count` fields, whose names and values come to `byteCount` at most.
        init(count: Int, byteCount: Int) {
            storage = .make(count: count, byteCount: byteCount)
        }

        func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
            storage.append(name, value)
        }

        /// The fields.
        consuming func build() -> HeaderFields {
            HeaderFields(storage: storage)
        }
    }
}
