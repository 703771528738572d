/// What a request is made of, and behind it room for a small body: one allocation for what is often passed on.
final class RequestContent: ManagedBuffer<RequestContent.Fields, UInt8> {
    /// The bytes up to which a body lies here. A longer one gets memory as it comes.
    private static let smallBody: Int64 = 4096

    /// What never changes.
    struct Head: Sendable {
        let id: RequestID
        let method: HTTPMethod
        let target: ResolvedTarget
        let parameterNames: [String]
        let headers: HeaderFields
        let remoteAddress: RemoteAddress
        let bodyStream: RequestBodyStream?
    }

    struct Fields {
        let head: Head
        var body: BodyMemory
    }

    /// `bodyLength` is what was announced of a body that is to be collected here; `nil` for a chunked one.
    static func make(_ head: Head, bodyLength: Int64?) -> RequestContent {
        let room = bodyLength.map { $0 <= smallBody ? Int($0) : 0 } ?? 0
        let content = create(minimumCapacity: room) { content in
            Fields(
                head: head,
                body: content.withUnsafeMutablePointerToElements {
                    BodyMemory(room: UnsafeMutableRawBufferPointer(start: $0, count: room))
                })
        }
        return unsafeDowncast(content, to: RequestContent.self)
    }

    deinit {
        withUnsafeMutablePointerToHeader { $0.pointee.body.wipe() }
    }
}
