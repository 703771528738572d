import Glibc
import Secrets

/// What a bearer token opens. The kind is written at its front, so that a person and a log scrubber can tell them
/// apart.
public enum TokenKind: Sendable, CaseIterable {
    case session
    case research

    /// The text before the secret.
    var prefix: StaticString {
        switch self {
        case .session: "cof_s_"
        case .research: "cof_r_"
        }
    }

    /// The secret's bytes: 256 bits.
    static let secretCount = 32

    /// The number of characters of a token.
    var textCount: Int { prefix.utf8CodeUnitCount + Base64URL.encodedCount(of: Self.secretCount) }

    /// Hands out the secret in the one canonical text of a token of this kind, in memory of the stack that is wiped on
    /// every way out; `nil`, and `body` is not called, for any other text.
    func withSecret<Result>(
        in text: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer) throws -> Result
    ) rethrows -> Result? {
        let prefixCount = prefix.utf8CodeUnitCount
        guard let start = text.baseAddress, text.count == textCount, memcmp(start, prefix.utf8Start, prefixCount) == 0
        else {
            return nil
        }
        let digits = UnsafeRawBufferPointer(rebasing: text[prefixCount...])
        return try withUnsafeTemporaryAllocation(byteCount: Self.secretCount, alignment: 8) { secret in
            defer { secret.wipe() }
            guard Base64URL.decode(digits, into: secret) else { return nil }
            return try body(UnsafeRawBufferPointer(secret))
        }
    }

    /// Makes the text of a new random token of this kind.
    func randomText() -> TransientBytes {
        withUnsafeTemporaryAllocation(byteCount: Self.secretCount, alignment: 8) { secret in
            defer { secret.wipe() }
            RandomBytes.fill(secret)
            return text(for: UnsafeRawBufferPointer(secret))
        }
    }

    /// Writes the text of a token of this kind.
    func text(for secret: UnsafeRawBufferPointer) -> TransientBytes {
        TransientBytes(count: textCount) { target in
            target.copyMemory(from: prefix.bytes)
            Base64URL.encode(
                secret, into: UnsafeMutableRawBufferPointer(rebasing: target[prefix.utf8CodeUnitCount...]))
        }
    }
}

extension StaticString {
    /// The UTF-8 bytes, which live as long as the program.
    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
    }
}
