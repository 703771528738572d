import CofferTesting
import FaultInjection

/// Which calls are made to fail: in the long tests every one, otherwise every one up to a number, and from there on with
/// steps that grow with the way.
enum FaultStride: Sendable {
    /// Every one up to the fortieth, then steps of a twentieth of the way.
    case fine
    /// Every one up to the eighth, then steps of half the way: for what takes long to prepare and check, and is made of what has
    /// a scenario of its own.
    case coarse
    /// The first, and from there on with steps of nine times the way: for what takes longer still.
    case sparse

    /// How far the next failing call is from this one. What is done to names is little, and all of it fails.
    func after(_ call: Int, of kind: FaultKind) -> Int {
        if LongTests.areEnabled || [.rename, .link, .nameSync].contains(kind) { return 1 }
        return switch self {
        case .fine: max(1, call / 20)
        case .coarse: call < 8 ? 1 : call / 2
        case .sparse: call * 9
        }
    }
}
