import CofferTesting
import Glibc
import Testing

extension ServerProcess {
    /// How often a text lies in the memory that the server can write.
    ///
    /// The kernel shows it to whoever may trace the process, as a parent may its child unless that has been forbidden
    /// (https://man7.org/linux/man-pages/man5/proc_pid_mem.5.html); throws where it does not.
    func copiesInMemory(of text: String) throws -> Int {
        let path = "/proc/\(process.id)/mem"
        let memory = open(path, O_RDONLY | O_CLOEXEC)
        try #require(memory >= 0, "\(path) cannot be read: errno \(errno)")
        defer { close(memory) }
        let part = Array(text.utf8)
        let step = 1 << 18
        // Each piece reaches into the next one, so that what lies across their border is found, and found once.
        let piece = UnsafeMutableRawBufferPointer.allocate(byteCount: step + part.count - 1, alignment: 1)
        defer { piece.deallocate() }
        var copies = 0
        for range in writableMemory() {
            for start in stride(from: range.lowerBound, to: range.upperBound, by: step) {
                let count = pread(memory, piece.baseAddress, min(piece.count, range.upperBound - start), start)
                // What has been unmapped since.
                if count < 0, errno == EIO { break }
                try #require(count >= 0, "\(path) cannot be read: errno \(errno)")
                copies += UnsafeRawBufferPointer(rebasing: piece[..<count]).count(of: part)
            }
        }
        return copies
    }

    /// The addresses of `/proc/…/maps`, whose lines begin like `7f00a000-7f00b000 rw-p`.
    private func writableMemory() -> [Range<Int>] {
        FileContent.text(of: "/proc/\(process.id)/maps").split(separator: "\n").compactMap { line in
            let words = line.split(separator: " ", maxSplits: 2)
            guard words.count > 1, words[1].hasPrefix("rw") else { return nil }
            let ends = words[0].split(separator: "-").compactMap { Int($0, radix: 16) }
            return ends.count == 2 ? ends[0]..<ends[1] : nil
        }
    }
}
