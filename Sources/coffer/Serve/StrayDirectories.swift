import Accounts
import Logging
import UserEngines

/// Directories of users whom the catalog does not know.
///
/// A registration or a deletion that a crash has cut short leaves one, and nothing opens it any more. But they look the
/// same when the catalog is an older copy or another server's, and then they hold users' data: so they are told, never
/// removed.
struct StrayDirectories {
    private static let mostPaths = 3

    let paths: [String]

    /// Compares the data directory with the catalog; before anybody can register.
    init(in files: DataDirectory, unknownTo accounts: Accounts) async throws {
        paths = try await accounts.unknown(of: files.users()).map(files.directory(of:)).sorted()
    }

    /// One line for all of them, with the paths of the first few.
    func warn(_ logger: Logger) {
        guard !paths.isEmpty else { return }
        logger.warning(
            "the catalog does not know the users of some directories, which are left as they are",
            metadata: [
                "count": "\(paths.count)", "paths": "\(paths.prefix(Self.mostPaths).joined(separator: ", "))",
            ])
    }
}
