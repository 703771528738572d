import CMicroHTTPD
import Glibc

/// Reads a request's header out of libmicrohttpd.
enum ReceivedHeader {
    /// Request line and header fields together, in bytes.
    static func byteCount(of connection: OpaquePointer) -> Int {
        coffer_mhd_connection_info(connection, .CONNECTION_INFO_REQUEST_HEADER_SIZE)?.pointee.header_size ?? 0
    }

    /// Moves the fields over: libmicrohttpd frees its memory unwiped when the connection closes, and which fields carry
    /// secrets only their readers know.
    static func moveFields(of connection: OpaquePointer) -> HeaderFields {
        let count = Int(MHD_get_connection_values_n(connection, .HEADER_KIND, nil, nil))
        var builder = HeaderFields.Builder(count: count, byteCount: byteCount(of: connection))
        withUnsafeMutablePointer(to: &builder) { builder in
            _ = MHD_get_connection_values_n(connection, .HEADER_KIND, moveField, builder)
            _ = MHD_get_connection_values_n(connection, .COOKIE_KIND, wipeCookie, nil)
        }
        return builder.build()
    }
}

private func moveField(
    _ builder: UnsafeMutableRawPointer?, _: MHD_ValueKind, _ name: UnsafePointer<CChar>?, _ nameCount: Int,
    _ value: UnsafePointer<CChar>?, _ valueCount: Int
) -> MHD_Result {
    let name = UnsafeRawBufferPointer(start: name, count: nameCount)
    let builder = builder!.assumingMemoryBound(to: HeaderFields.Builder.self)
    builder.pointee.append(name: name, value: UnsafeRawBufferPointer(start: value, count: valueCount))
    if !isReadAgain(name) { wipe(value, valueCount) }
    return .YES
}

/// Whether libmicrohttpd, which has read the header by now, looks at the field once more: when it asks for the body
/// (`need_100_continue`), or decides whether to keep the connection (`keepalive_possible`). So it is from 0.9.71 to
/// 1.0.1 (https://git.gnunet.org/libmicrohttpd.git/tree/src/microhttpd/connection.c).
private func isReadAgain(_ name: UnsafeRawBufferPointer) -> Bool {
    let (connection, expect): (StaticString, StaticString) = ("Connection", "Expect")
    return name.equalsIgnoringCase(connection) || name.equalsIgnoringCase(expect)
}

private func wipeCookie(
    _: UnsafeMutableRawPointer?, _: MHD_ValueKind, _: UnsafePointer<CChar>?, _: Int, _ value: UnsafePointer<CChar>?,
    _ valueCount: Int
) -> MHD_Result {
    wipe(value, valueCount)
    return .YES
}

private func wipe(_ text: UnsafePointer<CChar>?, _ count: Int) {
    UnsafeMutableRawBufferPointer(start: UnsafeMutableRawPointer(mutating: text), count: count).wipe()
}
