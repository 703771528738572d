import CSodium

extension UnsafeMutableRawBufferPointer {
    /// Zeroes the memory in a way that the optimizer does not remove.
    public func wipe() {
        guard let start = baseAddress else { return }
        sodium_memzero(start, count)
    }
}

extension [UInt8] {
    /// Zeroes the elements and empties the array. Only this array's own storage: a copy made before keeps its bytes.
    public mutating func wipe() {
        withUnsafeMutableBytes { $0.wipe() }
        removeAll()
    }
}
