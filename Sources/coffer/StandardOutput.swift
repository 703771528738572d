import Glibc
import Synchronization

/// Lines on stdout, each written whole.
enum StandardOutput {
    /// Keeps lines whole when several threads write.
    private static let mutex = Mutex<Void>(())

    /// Writes a line and its end at once. A line that cannot be written has nowhere to be reported.
    static func write(line: some Sequence<UInt8>) {
        let bytes = [UInt8](line) + [UInt8(ascii: "\n")]
        mutex.withLock { _ in
            var written = 0
            while written < bytes.count {
                let count = bytes.withUnsafeBytes {
                    Glibc.write(STDOUT_FILENO, $0.baseAddress! + written, bytes.count - written)
                }
                guard count > 0 else { return }
                written += count
            }
        }
    }
}
