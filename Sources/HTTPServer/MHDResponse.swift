import CMicroHTTPD
import Glibc
import JSON

/// libmicrohttpd's form of a response, released at the end of its scope; the connection it is queued on holds its own
/// reference.
struct MHDResponse: ~Copyable {
    private let handle: OpaquePointer

    deinit {
        MHD_destroy_response(handle)
    }

    /// `nil` if libmicrohttpd has no memory for it. `stream` is the other end of a streamed body.
    init?(_ response: Response, requestID: RequestID, stream: ResponseStream?, isHead: Bool, closes: Bool) {
        let made: OpaquePointer? =
            switch response.body {
            case .empty: MHD_create_response_from_buffer(0, nil, .RESPMEM_PERSISTENT)
            case .bytes(let bytes): Self.make(bytes)
            case .file(let content): Self.make(content)
            case .stream(let length, _): stream.flatMap { Self.make($0, length: length) }
            }
        guard let made else { return nil }
        handle = made
        // libmicrohttpd 0.9.75 would send the last chunk of a chunked body after the header of a HEAD response.
        if isHead, stream != nil { _ = coffer_mhd_close_after(handle) }
        requestID.withCString { _ = MHD_add_response_header(made, "X-Request-ID", $0) }
        response.headers.forEachSent { Self.add($0, $1, to: made) }
        if closes { Self.add("Connection", "close", to: made) }
    }

    private static func add(_ name: String, _ value: String, to response: OpaquePointer) {
        // A string passed as it is would be copied to the heap first.
        name.withCString { name in
            value.withCString { value in _ = MHD_add_response_header(response, name, value) }
        }
    }

    borrowing func queue(on connection: OpaquePointer, status: HTTPStatus) -> Bool {
        MHD_queue_response(connection, UInt32(status.rawValue), handle) == .YES
    }

    private static func make(_ bytes: Bytes) -> OpaquePointer? {
        let start = bytes.withUnsafeBytes { UnsafeMutableRawPointer(mutating: $0.baseAddress) }
        let owner = Unmanaged.passRetained(bytes.owner)
        let made = MHD_create_response_from_buffer_with_free_callback_cls(
            bytes.count, start, { Unmanaged<AnyObject>.fromOpaque($0!).release() }, owner.toOpaque())
        if made == nil { owner.release() }
        return made
    }

    private static func make(_ content: FileContent) -> OpaquePointer? {
        guard let descriptor = content.takeDescriptor() else { return nil }
        let made = MHD_create_response_from_fd_at_offset64(
            UInt64(content.count), descriptor, UInt64(content.offset))
        if made == nil { close(descriptor) }
        return made
    }

    private static func make(_ stream: ResponseStream, length: Int64?) -> OpaquePointer? {
        let owner = Unmanaged.passRetained(stream)
        // The block size is that of HTTP/1.0, which has no chunks.
        let made = MHD_create_response_from_callback(
            length.map { UInt64($0) } ?? .max, 4096,
            { stream, _, buffer, capacity in
                Unmanaged<ResponseStream>.fromOpaque(stream!).takeUnretainedValue()
                    .read(into: UnsafeMutableRawBufferPointer(start: buffer, count: capacity))
            }, owner.toOpaque(), { Unmanaged<ResponseStream>.fromOpaque($0!).release() })
        if made == nil { owner.release() }
        return made
    }
}
