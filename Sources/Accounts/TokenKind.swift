import Glibc
import Secrets

/// What a bearer token opens. The kind is written at its front, so that a person and a log scrubber can tell them apart.
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

    /// Reads the secret out of the one canonical text of a token of this kind; `nil` for any other text.
    func secret(in text: UnsafeRawBufferPointer) -> TransientBytes? {
        let prefixCount = prefix.utf8CodeUnitCount
        guard let start = text.baseAddress, text.count == textCount, memcmp(start, prefix.utf8Start, prefixCount) == 0
        else {
            return nil
        }
        var isValid = false
        let secret = TransientBytes(count: Self.secretCount) { target in
            isValid = Base64URL.decode(UnsafeRawBufferPointer(rebasing: text[prefixCount...]), into: target)
        }
        return isValid ? secret : nil
    }

    /// Writes the text of a token of this kind.
    func text(for secret: TransientBytes) -> TransientBytes {
        TransientBytes(count: textCount) { target in
            target.copyMemory(from: prefix.bytes)
            let rest = UnsafeMutableRawBufferPointer(rebasing: target[prefix.utf8CodeUnitCount...])
            secret.withUnsafeBytes { Base64URL.encode($0, into: rest) }
        }
    }
}

extension StaticString {
    /// The UTF-8 bytes, which live as long as the program.
    var bytes: UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(start: utf8Start, count: utf8CodeUnitCount)
    }
}
