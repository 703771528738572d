import CSodium

/// The linked libsodium.
public enum SodiumLibrary {
    private static let status = sodium_init()

    /// Prepares libsodium once per process, from whichever thread comes first. Later calls cost one comparison.
    ///
    /// Everything in this module that needs it calls it by itself; calling it at start-up makes a broken
    /// installation known before the first request. https://doc.libsodium.org/usage
    public static func initialize() throws(SecretsError) {
        guard status >= 0 else { throw .sodiumUnavailable }
    }

    /// The version of the linked library, such as `1.0.18`.
    public static var version: String { String(cString: sodium_version_string()) }
}
