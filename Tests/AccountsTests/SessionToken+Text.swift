import Accounts
import Secrets

extension SessionToken {
    /// Reads a token's text.
    init?(parsing text: some StringProtocol) {
        let bytes = Array(text.utf8)
        self.init(TransientBytes(count: bytes.count) { $0.copyBytes(from: bytes) })
    }
}
