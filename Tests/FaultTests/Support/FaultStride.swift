import CofferTesting

/// Which calls are made to fail: every one in the long tests, otherwise every one at first and then fewer and fewer.
enum FaultStride {
    private static let everyCallUpTo = 40

    /// How far the next failing call is from this one.
    static func after(_ call: Int) -> Int {
        LongTests.areEnabled ? 1 : max(1, call / everyCallUpTo)
    }
}
