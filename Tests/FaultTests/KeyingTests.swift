import CofferTesting
import FaultInjection
import SQLCipher
import Testing

extension FaultSuite {
    @Test("a key that there is no memory for is an error, and leaves no descriptor open")
    func keying() async throws {
        try Faults.install()
        try await withTemporaryDirectory { directory in
            let sample = SampleDatabase(path: directory.file("main.db"))
            sample.create()
            var call = 1
            while true {
                let before = SQLiteHoldings.now
                let fault = Fault(.keying, call: call, isLasting: false)
                let (result, injected) = await Faults.run(with: fault) { try sample.open().close() }
                if injected == 0 { break }
                let error = #expect(throws: (any Error).self, "\(fault)") { try result.get() }
                #expect((error as? SQLiteError)?.code == .outOfMemory, "\(fault)")
                #expect(SQLiteHoldings.now.databases == before.databases)
                #expect(OpenFiles.paths(under: directory.path) == [])
                let rows = try sample.checkedRows()
                #expect(rows == SampleDatabase.initialRows)
                call += 1
            }
            #expect(call > 10, "a key takes more allocations than that")
        }
    }
}
