import Glibc

/// What can be said of an encrypted database file without its key.
public enum EncryptedFileShape {
    /// SQLCipher's page size. https://www.zetetic.net/sqlcipher/sqlcipher-api/#cipher_page_size
    private static let pageBytes = 4096
    /// https://www.sqlite.org/fileformat.html#magic_header_string
    private static let plainHeader = Array("SQLite format 3\0".utf8)

    /// What is wrong with a file: missing, no file, of a size that no database has, or in plain text.
    ///
    /// - Parameter readingHeader: whether the file is opened. Never one that an engine of this process has open, whose
    ///   locks would go with our descriptor.
    public static func problems(of path: String, readingHeader: Bool) -> [String] {
        var status = stat()
        guard lstat(path, &status) == 0 else { return [String(cString: strerror(errno))] }
        guard status.st_mode & S_IFMT == S_IFREG else { return ["is no regular file"] }
        guard status.st_size > 0 else { return ["is empty"] }
        var problems: [String] = []
        if status.st_size % pageBytes != 0 { problems.append("has \(status.st_size) bytes, which are no whole pages") }
        if readingHeader { problems += headerProblems(of: path) }
        return problems
    }

    private static func headerProblems(of path: String) -> [String] {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return ["cannot be read: \(String(cString: strerror(errno)))"] }
        defer { close(descriptor) }
        var header = [UInt8](repeating: 0, count: plainHeader.count)
        guard read(descriptor, &header, header.count) == header.count else {
            return ["cannot be read: \(String(cString: strerror(errno)))"]
        }
        // An encrypted file begins with its random salt.
        if header == plainHeader { return ["is not encrypted"] }
        return header.allSatisfy { $0 == 0 } ? ["begins with zeros, not with a salt"] : []
    }
}
