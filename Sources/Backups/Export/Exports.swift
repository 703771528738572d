import Accounts
import Glibc
import SQLCipher
import Secrets
import Synchronization
import Timekeeping
import UserEngines

/// A user's database on its way out as SQL text. Nothing of it is anywhere before it is written.
public struct TextExport: Sendable {
    let backups: Backups
    let access: DataAccess
    let place: Transfers.Place

    /// Writes the text as of the moment when this begins, in pieces of some 64 KiB, each of which waits for the one
    /// before.
    ///
    /// The database stays open and its log grows meanwhile, so `output` gets ``BackupConfiguration/stallTimeout`` for a
    /// piece.
    ///
    /// - Throws: ``ClientTooSlow``; `EngineError`, `PoolError`, `SQLiteError`, what `output` throws.
    public func write(to output: @escaping @Sendable ([UInt8]) async throws -> Void) async throws {
        let pace = Pace(time: backups.time, limit: backups.configuration.stallTimeout)
        try await access.withEngine(in: backups.engines) { engine in
            try await engine.withFurtherReader { connection in
                try await backups.withoutNames {
                    try await SQLDump.write(connection) { piece in
                        try await pace.step { try await output(piece) }
                    }
                }
            }
        }
    }
}

/// A user's database on its way out as a plain one, which lies encrypted on the disk until it has been written.
public struct PlainExport: Sendable {
    private static let pieceBytes: Int64 = 64 * 1024

    let file: EncryptedTemporaryFile
    let place: Transfers.Place
    let hold: DescriptorHold
    let pace: Pace

    /// The size of the database.
    public var byteCount: Int64 { file.byteCount }

    /// Writes the database in pieces of 64 KiB, each of which waits for the one before. To be called once.
    public func write(to output: @escaping @Sendable ([UInt8]) async throws -> Void) async throws {
        var offset: Int64 = 0
        while offset < byteCount {
            let piece = try read(at: offset)
            try await pace.step { try await output(piece) }
            offset += Int64(piece.count)
        }
    }

    private func read(at offset: Int64) throws -> [UInt8] {
        var piece = [UInt8](repeating: 0, count: Int(min(Self.pieceBytes, byteCount - offset)))
        let result = piece.withUnsafeMutableBytes { piece in
            Result { () throws(DatabaseStorageError) in try file.read(into: piece, at: offset) }
        }
        try result.get()
        return piece
    }
}

/// A user's database on its way out under a passphrase: a file that has no name any more. To be kept until it is sent.
public final class EncryptedExport: Sendable {
    /// The size of the file.
    public let byteCount: Int64
    private let descriptor: Atomic<Int32>
    private let place: Transfers.Place
    private let hold: DescriptorHold

    init(descriptor: Int32, byteCount: Int64, place: Transfers.Place, hold: DescriptorHold) {
        self.place = place
        self.hold = hold
        self.descriptor = Atomic(descriptor)
        self.byteCount = byteCount
    }

    deinit {
        if let descriptor = takeDescriptor() { close(descriptor) }
    }

    /// The open file, which the caller must close; `nil` the second time.
    public func takeDescriptor() -> Int32? {
        let taken = descriptor.exchange(-1, ordering: .relaxed)
        return taken >= 0 ? taken : nil
    }
}
