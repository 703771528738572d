import Glibc
import SQLCipher
import Secrets
import UserEngines

/// Bytes on the disk that nobody but this process can read, and that are gone when the last reference is.
///
/// The file has no name from its first moment on, and its key is nowhere but in memory: what a crash or a copy of the
/// disk leaves of it is noise. It is a ``DatabaseStorage``, so that SQLite can read and write a plain database in it.
///
/// Sound as `@unchecked Sendable`: it has one user at a time, and whoever hands it on makes the hand-over synchronize.
final class EncryptedTemporaryFile: DatabaseStorage, @unchecked Sendable {
    /// The usual size of a page, so that writing one is writing a block.
    private static let blockBytes = 4096
    private static let sealedBytes = blockBytes + BlockCipher.overhead

    private let descriptor: Int32
    private let cipher: BlockCipher
    /// One block in the clear and one sealed, which is all the memory this takes.
    private let block: UnsafeMutableRawBufferPointer
    private let sealed: UnsafeMutableRawBufferPointer

    private(set) var byteCount: Int64 = 0

    /// Makes an empty one on the disk of `directory`. Throws `DataDirectoryError`.
    init(in directory: String) throws {
        cipher = try BlockCipher()
        descriptor = try StoredFile.makeTemporary(in: directory)
        block = .allocate(byteCount: Self.blockBytes, alignment: 16)
        block.initializeMemory(as: UInt8.self, repeating: 0)
        sealed = .allocate(byteCount: Self.sealedBytes, alignment: 16)
    }

    deinit {
        close(descriptor)
        block.wipe()
        block.deallocate()
        sealed.deallocate()
    }

    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int64) throws(DatabaseStorageError) {
        guard offset >= 0, offset + Int64(buffer.count) <= byteCount else { throw .failed }
        var done = 0
        while done < buffer.count {
            let (number, part) = Self.part(at: offset + Int64(done), upTo: buffer.count - done)
            try load(number)
            UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: block[part]))
            done += part.count
        }
    }

    func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws(DatabaseStorageError) {
        try fill(upTo: offset)
        var done = 0
        while done < bytes.count {
            let (number, part) = Self.part(at: offset + Int64(done), upTo: bytes.count - done)
            let start = Int64(number) * Int64(Self.blockBytes)
            if part.count < Self.blockBytes, start < byteCount { try load(number) }
            UnsafeMutableRawBufferPointer(rebasing: block[part])
                .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[done..<done + part.count]))
            try store(number)
            byteCount = max(byteCount, start + Int64(part.upperBound))
            done += part.count
        }
    }

    /// Writes behind what is there.
    func append(_ bytes: [UInt8]) throws(DatabaseStorageError) {
        let result = bytes.withUnsafeBytes { bytes in
            Result { () throws(DatabaseStorageError) in try write(bytes, at: byteCount) }
        }
        try result.get()
    }

    func truncate(to count: Int64) throws(DatabaseStorageError) {
        byteCount = min(byteCount, max(0, count))
    }

    /// Writes zeros from the end on, as a file's gap would read.
    private func fill(upTo offset: Int64) throws(DatabaseStorageError) {
        while byteCount < offset { try append([UInt8](repeating: 0, count: Int(min(65536, offset - byteCount)))) }
    }

    /// The block that a byte lies in, and what follows there, at most `count` bytes.
    private static func part(at offset: Int64, upTo count: Int) -> (number: UInt64, Range<Int>) {
        let (number, start) = Int(offset).quotientAndRemainder(dividingBy: blockBytes)
        return (UInt64(number), start..<min(blockBytes, start + count))
    }

    private func load(_ number: UInt64) throws(DatabaseStorageError) {
        let offset = Int(number) * Self.sealedBytes
        try transfer { pread(descriptor, sealed.baseAddress! + $0, sealed.count - $0, offset + $0) }
        do {
            try cipher.open(UnsafeRawBufferPointer(sealed), number: number, into: block)
        } catch {
            throw .failed
        }
    }

    private func store(_ number: UInt64) throws(DatabaseStorageError) {
        cipher.seal(UnsafeRawBufferPointer(block), number: number, into: sealed)
        let offset = Int(number) * Self.sealedBytes
        try transfer { pwrite(descriptor, sealed.baseAddress! + $0, sealed.count - $0, offset + $0) }
    }

    /// Calls `step` with how many bytes of the sealed block are done, until all are.
    private func transfer(_ step: (Int) -> Int) throws(DatabaseStorageError) {
        var done = 0
        while done < sealed.count {
            let count = step(done)
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else {
                throw count < 0 && [ENOSPC, EDQUOT, EFBIG].contains(errno) ? .full : .failed
            }
            done += count
        }
    }
}
