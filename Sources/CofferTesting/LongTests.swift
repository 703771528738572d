import Glibc

/// The tests that take minutes or more: run by `scripts/test --long`, skipped otherwise.
public enum LongTests {
    /// Whether they are wanted.
    public static let areEnabled = getenv("COFFER_LONG_TESTS") != nil
}
