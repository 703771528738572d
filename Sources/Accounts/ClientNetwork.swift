import Glibc

/// What one client is taken to own: an IPv4 address, or the /64 of an IPv6 address, in which every customer of a
/// provider picks addresses at will. https://www.rfc-editor.org/rfc/rfc6177
struct ClientNetwork: Hashable, Sendable {
    private let prefix: [UInt8]

    /// Takes an address as text; whatever is no address is a network of its own, cut to a bounded length.
    init(of address: String) {
        if let bytes = Self.parse(address, family: AF_INET, count: 4) {
            prefix = bytes
        } else if let bytes = Self.parse(address, family: AF_INET6, count: 16) {
            let isMapped = bytes.starts(with: [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF])
            prefix = Array(isMapped ? bytes.suffix(4) : bytes.prefix(8))
        } else {
            prefix = Array(address.utf8.prefix(64))
        }
    }

    private static func parse(_ address: String, family: Int32, count: Int) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: count)
        return inet_pton(family, address, &bytes) == 1 ? bytes : nil
    }
}
