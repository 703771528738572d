import Testing

@testable import coffer

@Suite("Shares of the file descriptors")
struct DescriptorSharesTests {
    @Test("what the server needs is set aside, and three quarters of the rest are for databases")
    func shares() throws {
        let shares = try DescriptorShares(
            limit: 128, open: 4, threads: 10, eventThreads: 1, databases: nil, connections: 4096)
        #expect(shares.databases == 69)
        #expect(shares.connections == 23)
        #expect(shares.databases + shares.connections + 4 + 12 + DescriptorShares.own == 128)
        let more = try DescriptorShares(
            limit: 128, open: 4, threads: 10, eventThreads: 3, databases: nil, connections: 4096)
        #expect(more.databases + more.connections + 4 + 16 + DescriptorShares.own == 128)
    }

    @Test("clients get no more than the settings allow, and databases what they say")
    func settings() throws {
        let shares = try DescriptorShares(
            limit: 1024, open: 4, threads: 10, eventThreads: 1, databases: 40, connections: 100)
        #expect(shares.databases == 40)
        #expect(shares.connections == 100)
    }

    @Test(
        "a limit that leaves nothing for databases or clients is refused",
        arguments: [(44, nil), (128, 92)] as [(Int, Int?)])
    func tooSmall(limit: Int, databases: Int?) {
        let error = #expect(throws: DescriptorShareError.self) {
            try DescriptorShares(
                limit: limit, open: 4, threads: 10, eventThreads: 1, databases: databases, connections: 4096)
        }
        #expect(error?.description.contains("ulimit -n") == true)
    }
}
