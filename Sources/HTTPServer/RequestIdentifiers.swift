import Glibc
import Synchronization

/// Makes request ids of 16 random bytes. The system is asked for many at once.
final class RequestIdentifiers: Sendable {
    private static let idBytes = 16

    private struct Pool {
        /// As many as getentropy(3) gives at once.
        var bytes = [UInt8](repeating: 0, count: 256)
        var used: Int

        init() {
            used = bytes.count
        }
    }

    private let pool = Mutex(Pool())

    /// The client's own id if it sent a sane one, else a new one.
    func identifier(for headers: HeaderFields) -> String {
        headers.withBytes(of: "X-Request-ID") { Self.isSane($0) ? String(decoding: $0, as: UTF8.self) : nil }.flatMap {
            $0
        }
            ?? make()
    }

    /// 32 hex digits.
    func make() -> String {
        pool.withLock { pool in
            if pool.used == pool.bytes.count {
                let result = pool.bytes.withUnsafeMutableBytes { getentropy($0.baseAddress!, $0.count) }
                precondition(result == 0, "the system has no random bytes")
                pool.used = 0
            }
            defer { pool.used += Self.idBytes }
            let bytes = pool.bytes[pool.used..<pool.used + Self.idBytes]
            return String(unsafeUninitializedCapacity: 2 * Self.idBytes) { text in
                var end = text.baseAddress!
                for byte in bytes {
                    end[0] = Self.digits.utf8Start[Int(byte >> 4)]
                    end[1] = Self.digits.utf8Start[Int(byte & 15)]
                    end += 2
                }
                return 2 * Self.idBytes
            }
        }
    }

    private static let digits: StaticString = "0123456789abcdef"

    private static func isSane(_ id: UnsafeRawBufferPointer) -> Bool {
        (1...64).contains(id.count)
            && id.allSatisfy { byte in
                switch byte.asciiLowercased {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): true
                default: false
                }
            }
    }
}
