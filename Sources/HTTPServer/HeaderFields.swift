import Glibc

/// The header fields of a request, in the order they came.
///
/// They carry tokens, so their bytes lie in one allocation that is wiped when the request is over.
///
/// Sound as `@unchecked Sendable`: nothing changes after ``Builder/build()``.
public final class HeaderFields: @unchecked Sendable {
    fileprivate struct Field {
        let name: Range<Int>
        let value: Range<Int>
    }

    private let storage: UnsafeMutableRawBufferPointer
    private let fields: [Field]

    fileprivate init(storage: UnsafeMutableRawBufferPointer, fields: [Field]) {
        self.storage = storage
        self.fields = fields
    }

    deinit {
        storage.wipeAndDeallocate()
    }

    /// The number of fields.
    public var count: Int { fields.count }

    /// The value of the first field of that name, whose case does not matter; `nil` without one.
    public subscript(name: StaticString) -> String? {
        withBytes(of: name) { String(decoding: $0, as: UTF8.self) }
    }

    /// Every value of that name, in order.
    public func values(of name: StaticString) -> [String] {
        fields.filter { matches($0, name) }.map { String(decoding: bytes($0.value), as: UTF8.self) }
    }

    /// Hands out the bytes of the first value of that name without copying them; `nil` without one. For secrets: a
    /// `String` made of them could not be wiped.
    public func withBytes<Result>(of name: StaticString, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
        -> Result?
    {
        guard let field = fields.first(where: { matches($0, name) }) else { return nil }
        return try body(bytes(field.value))
    }

    func count(of name: StaticString) -> Int {
        fields.count { matches($0, name) }
    }

    /// Whether every name is a token and no value has a control character. A space before the colon is among what
    /// this finds (https://www.rfc-editor.org/rfc/rfc9112#section-5.1).
    var areWellFormed: Bool {
        fields.allSatisfy { field in
            !field.name.isEmpty && bytes(field.name).allSatisfy(HTTPToken.contains)
                && bytes(field.value).allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 }
        }
    }

    private func bytes(_ range: Range<Int>) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(storage)[range])
    }

    private func matches(_ field: Field, _ name: StaticString) -> Bool {
        bytes(field.name).equalsIgnoringCase(name)
    }

    /// Collects fields into one allocation.
    struct Builder: ~Copyable {
        /// `nil` once ``build()`` has handed it on.
        private var storage: UnsafeMutableRawBufferPointer?
        private var used = 0
        private var fields: [Field] = []
        private let secret: [StaticString]

        /// `capacity` is what names and values come to, in bytes; a wrong guess costs a copy. `secret` are the names of fields
        /// whose source the caller wipes.
        init(capacity: Int, secret: [StaticString] = []) {
            self.secret = secret
            storage = .allocate(byteCount: max(capacity, 256), alignment: 1)
            fields.reserveCapacity(12)
        }

        deinit {
            storage?.wipeAndDeallocate()
        }

        mutating func append(name: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) {
            let nameRange = copy(name)
            fields.append(Field(name: nameRange, value: copy(value)))
        }

        func isSecret(_ name: UnsafeRawBufferPointer) -> Bool {
            secret.contains { name.equalsIgnoringCase($0) }
        }

        private mutating func copy(_ bytes: UnsafeRawBufferPointer) -> Range<Int> {
            guard var target = storage else { preconditionFailure("a field was appended after build()") }
            if target.count - used < bytes.count {
                target = target.moved(toCapacity: max(target.count * 2, used + bytes.count), used: used)
                storage = target
            }
            UnsafeMutableRawBufferPointer(rebasing: target[used...]).copyMemory(from: bytes)
            used += bytes.count
            return used - bytes.count..<used
        }

        /// The fields; the builder is spent.
        mutating func build() -> HeaderFields {
            guard let storage else { preconditionFailure("build() was called twice") }
            self.storage = nil
            return HeaderFields(storage: storage, fields: fields)
        }
    }
}
