/// Writes JSON into a buffer of its own. Commas are set where they are due; that calls nest properly and that every
/// name gets a value is the caller's part.
///
/// ```swift
/// var writer = JSONWriter()
/// writer.beginObject()
/// writer.name("rows_affected")
/// writer.write(3)
/// writer.endObject()
/// let body = writer.finish()
/// ```
///
/// Writing a value allocates nothing unless the buffer has to grow.
public struct JSONWriter: ~Copyable {
    var buffer: GrowingBytes

    /// Makes a writer with room for `capacity` bytes.
    public init(capacity: Int = 512) {
        buffer = GrowingBytes(capacity: capacity)
    }

    /// Bytes written and not taken.
    public var count: Int { buffer.count }

    /// A place in what was written.
    public struct Mark: Sendable {
        fileprivate let count: Int
    }

    /// The present end, to come back to with ``rewind(to:)``; good until the next ``take()``.
    public var mark: Mark { Mark(count: buffer.count) }

    /// Forgets what was written after the mark.
    public mutating func rewind(to mark: Mark) {
        buffer.cut(to: mark.count)
    }

    /// Calls `body` with what was written after the mark.
    public func withBytes(since mark: Mark, _ body: (UnsafeRawBufferPointer) -> Void) {
        buffer.withBytes(from: mark.count, body)
    }

    /// Ends the writing.
    public consuming func finish() -> Bytes {
        buffer.finish()
    }

    /// What was written since the last call; the writer goes on with an empty buffer of the same capacity. The next
    /// comma is decided as at the beginning of a document, so take at a boundary between documents, as between NDJSON
    /// lines.
    public mutating func take() -> Bytes {
        buffer.take()
    }

    /// Writes `{`.
    public mutating func beginObject() {
        open(UInt8(ascii: "{"))
    }

    /// Writes `}`.
    public mutating func endObject() {
        buffer.append(UInt8(ascii: "}"))
    }

    /// Writes `[`.
    public mutating func beginArray() {
        open(UInt8(ascii: "["))
    }

    /// Writes `]`.
    public mutating func endArray() {
        buffer.append(UInt8(ascii: "]"))
    }

    /// Writes a member's name that needs no escaping.
    public mutating func name(_ name: StaticString) {
        let (start, count) = (name.utf8Start, name.utf8CodeUnitCount)
        assert(name.withUTF8Buffer { TextScan.firstSpecial(in: UnsafeRawBufferPointer($0), from: 0) } == count)
        writeValue(upTo: count + 3) { bytes in
            bytes[0] = UInt8(ascii: "\"")
            (bytes + 1).update(from: start, count: count)
            bytes[count + 1] = UInt8(ascii: "\"")
            bytes[count + 2] = UInt8(ascii: ":")
            return count + 3
        }
    }

    /// Writes a member's name.
    public mutating func name(escaping name: String) {
        write(name)
        buffer.append(UInt8(ascii: ":"))
    }

    /// A member's name as ``name(encoded:)`` takes it.
    public static func encoded(name: String) -> Bytes {
        var writer = JSONWriter(capacity: name.utf8.count + 3)
        writer.name(escaping: name)
        return writer.finish()
    }

    /// Writes a member's name that was encoded before, as it is written in many objects.
    public mutating func name(encoded name: Bytes) {
        writeValue(upTo: name.count) { bytes in
            name.withUnsafeBytes {
                UnsafeMutableRawPointer(bytes).copyMemory(from: $0.baseAddress!, byteCount: $0.count)
            }
            return name.count
        }
    }

    /// Ends a document that others follow, each on a line of its own.
    public mutating func endLine() {
        buffer.append(UInt8(ascii: "\n"))
    }

    /// Writes `null`.
    public mutating func writeNull() {
        write(literal: "null")
    }

    /// Writes `true` or `false`.
    public mutating func write(_ value: Bool) {
        write(literal: value ? "true" : "false")
    }

    /// Writes a tree.
    public mutating func write(_ value: JSONValue) {
        switch value {
        case .null: writeNull()
        case .bool(let value): write(value)
        case .integer(let value): write(value)
        case .double(let value): write(value)
        case .string(let value): write(value)
        case .array(let elements):
            beginArray()
            for element in elements { write(element) }
            endArray()
        case .object(let members):
            beginObject()
            for member in members {
                name(escaping: member.name)
                write(member.value)
            }
            endObject()
        }
    }

    /// Appends a fragment of JSON as it is, without a comma before it. What is written after it gets one unless the
    /// fragment ends in an opening bracket, a comma, a colon or a line feed.
    public mutating func append(_ fragment: StaticString) {
        append(bytes: UnsafeRawBufferPointer(start: fragment.utf8Start, count: fragment.utf8CodeUnitCount))
    }

    /// Appends bytes that are JSON already, on the terms of `append(_:)`.
    public mutating func append(bytes: UnsafeRawBufferPointer) {
        buffer.append(contentsOf: bytes)
    }

    /// Whether the text is well-formed UTF-8 (RFC 3629).
    public static func isValidUTF8(_ text: UnsafeRawBufferPointer) -> Bool {
        TextScan.isValidUTF8(text)
    }
}

extension JSONWriter {
    /// Whether a comma must stand before a value or a name. The last byte tells: no value ends in one of these.
    @inline(__always)
    private var isCommaDue: Bool {
        switch buffer.last {
        case nil, UInt8(ascii: "{"), UInt8(ascii: "["), UInt8(ascii: ":"), UInt8(ascii: ","), UInt8(ascii: "\n"): false
        default: true
        }
    }

    /// Appends the comma that is due and what `body` puts into memory for at most `capacity` bytes; it returns how
    /// many it put. One growth check for the whole value.
    @inline(__always)
    mutating func writeValue(upTo capacity: Int, _ body: (UnsafeMutablePointer<UInt8>) -> Int) {
        let comma = isCommaDue ? 1 : 0
        buffer.append(upTo: capacity + 1) { bytes in
            // What follows takes its place where none is due.
            bytes[0] = UInt8(ascii: ",")
            return comma + body(bytes + comma)
        }
    }

    @inline(__always)
    private mutating func open(_ bracket: UInt8) {
        writeValue(upTo: 1) { bytes in
            bytes[0] = bracket
            return 1
        }
    }

    private mutating func write(literal: StaticString) {
        let count = literal.utf8CodeUnitCount
        writeValue(upTo: count) { bytes in
            bytes.update(from: literal.utf8Start, count: count)
            return count
        }
    }
}
