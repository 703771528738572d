import Glibc
import Testing

/// The scenarios, one after the other and in a process without other tests: a fault is armed for the whole process.
@Suite(
    "Under faults", .serialized,
    .enabled(if: getenv("COFFER_FAULT_TESTS") != nil, "they need a process of their own: set COFFER_FAULT_TESTS"))
struct FaultSuite {}
