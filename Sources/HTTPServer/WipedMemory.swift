import Glibc

extension UnsafeMutableRawBufferPointer {
    /// Overwrites the bytes with zeros in a way the compiler may not drop, then frees them.
    func wipeAndDeallocate() {
        wipe()
        deallocate()
    }

    /// Overwrites the bytes with zeros in a way the compiler may not drop.
    func wipe() {
        if let baseAddress, count > 0 { explicit_bzero(baseAddress, count) }
    }

    /// A larger allocation with the first `used` bytes; this one is wiped and freed.
    func moved(toCapacity capacity: Int, used: Int) -> UnsafeMutableRawBufferPointer {
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 1)
        larger.copyMemory(from: UnsafeRawBufferPointer(rebasing: self[..<used]))
        wipeAndDeallocate()
        return larger
    }
}
