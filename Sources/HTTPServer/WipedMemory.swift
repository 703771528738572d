import Glibc

extension UnsafeMutableRawBufferPointer {
    /// Overwrites the bytes with zeros in a way the compiler may not drop.
    func wipe() {
        if let baseAddress, count > 0 { explicit_bzero(baseAddress, count) }
    }
}
