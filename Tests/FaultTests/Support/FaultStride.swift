import CofferTesting

/// Which calls are made to fail: in the long tests every one, otherwise every one up to the fortieth, and from there on
/// with steps of a twentieth of the way.
enum FaultStride {
    /// How far the next failing call is from this one.
    static func after(_ call: Int) -> Int {
        LongTests.areEnabled ? 1 : max(1, call / 20)
    }
}
