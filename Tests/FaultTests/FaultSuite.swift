import Testing

/// The scenarios, one after the other: the faults are armed for the whole process.
@Suite("Under faults", .serialized)
struct FaultSuite {}
