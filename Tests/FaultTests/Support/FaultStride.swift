import CofferTesting

/// Which calls are made to fail: in the long tests every one, otherwise every one up to a number, and from there on with
/// steps that grow with the way.
enum FaultStride: Sendable {
    /// Every one up to the fortieth, then steps of a twentieth of the way.
    case fine
    /// Every one up to the eighth, then steps of half the way: for what takes long to prepare and check, and is made of what has
    /// a scenario of its own.
    case coarse

    /// How far the next failing call is from this one.
    func after(_ call: Int) -> Int {
        if LongTests.areEnabled { return 1 }
        return switch self {
        case .fine: max(1, call / 20)
        case .coarse: call < 8 ? 1 : call / 2
        }
    }
}
