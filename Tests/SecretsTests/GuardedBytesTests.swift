import Glibc
import Secrets
import Testing

@Suite("Guarded bytes")
struct GuardedBytesTests {
    @Test("hold a copy of what they were given")
    func copies() throws {
        var source: [UInt8] = [1, 2, 3, 4]
        let fromArray = try GuardedBytes(copying: source)
        let fromBuffer = try source.withUnsafeBytes { try GuardedBytes(copying: $0) }
        source[0] = 9
        #expect(fromArray.withUnsafeBytes { [UInt8]($0) } == [1, 2, 3, 4])
        #expect(fromArray == fromBuffer)
        #expect(fromArray.count == 4)
    }

    @Test("can be empty")
    func empty() throws {
        let secret = try GuardedBytes(copying: [])
        #expect(secret.count == 0)
        #expect(secret.withUnsafeBytes { $0.isEmpty })
    }

    @Test("compare by content, and a wiped secret equals nothing")
    func equality() throws {
        let first = try GuardedBytes(copying: [1, 2, 3])
        #expect(try first == GuardedBytes(copying: [1, 2, 3]))
        #expect(try first != GuardedBytes(copying: [1, 2, 4]))
        #expect(try first != GuardedBytes(copying: [1, 2]))
        #expect(first == first)
        let second = try GuardedBytes(copying: [1, 2, 3])
        first.wipe()
        second.wipe()
        #expect(first != second)
        #expect(first != first)
    }

    @Test("give an empty buffer after they were wiped, twice")
    func emptyAfterWipe() throws {
        let secret = try GuardedBytes.random(count: 48)
        secret.wipe()
        secret.wipe()
        #expect(secret.count == 0)
        #expect(secret.withUnsafeBytes { $0.isEmpty })
    }

    @Test("leave nothing readable at their address once wiped or dropped", arguments: [true, false])
    func unreadableAfterwards(byWiping: Bool) throws {
        let pattern = [UInt8](repeating: 0xC7, count: 64)
        var secret: GuardedBytes? = try GuardedBytes(copying: pattern)
        let address = secret!.withUnsafeBytes { $0.baseAddress! }
        #expect(readOwnMemory(at: address, count: 64) == pattern)
        if byWiping { secret!.wipe() } else { secret = nil }
        // The pages are gone; if another allocation has taken them since, they do not hold the secret.
        #expect(readOwnMemory(at: address, count: 64) != pattern)
        #expect(byWiping == (secret != nil))
    }

    @Test("have an inaccessible page right behind them")
    func guardPage() throws {
        let secret = try GuardedBytes.random(count: 32)
        let end = secret.withUnsafeBytes { $0.baseAddress! + $0.count }
        #expect(readOwnMemory(at: end, count: 1) == nil)
    }

    @Test("are wiped when their initialization fails")
    func failingInitialization() {
        struct Refused: Error {}
        let pattern = [UInt8](repeating: 0x5B, count: 64)
        var address: UnsafeRawPointer?
        #expect(throws: Refused.self) {
            try GuardedBytes(count: 64) { buffer in
                buffer.copyBytes(from: pattern)
                address = UnsafeRawPointer(buffer.baseAddress)
                throw Refused()
            }
        }
        #expect(address.map { readOwnMemory(at: $0, count: 64) != pattern } == true)
    }

    @Test("can be read by many while one wipes them: all of it or nothing")
    func wipingWhileReading() async throws {
        for _ in 0..<50 {
            let secret = try GuardedBytes(copying: [UInt8](repeating: 5, count: 64))
            await withTaskGroup(of: Bool.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        secret.withUnsafeBytes { $0.isEmpty || ($0.count == 64 && $0.allSatisfy { $0 == 5 }) }
                    }
                }
                group.addTask {
                    secret.wipe()
                    return true
                }
                for await isWhole in group { #expect(isWhole) }
            }
        }
    }

    @Test("are random when asked to be")
    func random() throws {
        let first = try GuardedBytes.random(count: 32)
        #expect(try first != GuardedBytes.random(count: 32))
        #expect(first.withUnsafeBytes { Set($0).count } > 8)
        #expect(RandomBytes.make(count: 16) != RandomBytes.make(count: 16))
        #expect(RandomBytes.make(count: 0).isEmpty)
    }

    /// Reads through the kernel, which answers EFAULT instead of a crash; `nil` where nothing is mapped.
    private func readOwnMemory(at address: UnsafeRawPointer, count: Int) -> [UInt8]? {
        var ends: [Int32] = [-1, -1]
        precondition(pipe(&ends) == 0)
        defer { ends.forEach { close($0) } }
        guard write(ends[1], address, count) == count else { return nil }
        var content = [UInt8](repeating: 0, count: count)
        return read(ends[0], &content, count) == count ? content : nil
    }
}

@Suite("Transient bytes")
struct TransientBytesTests {
    @Test("hold what they were initialized with")
    func content() {
        let secret = TransientBytes(count: 3) { $0.copyBytes(from: [7, 8, 9]) }
        #expect(secret.count == 3)
        #expect(secret.withUnsafeBytes { [UInt8]($0) } == [7, 8, 9])
    }

    @Test("An array is zeroed in place before it is emptied")
    func wipingAnArray() {
        var array: [UInt8] = [1, 2, 3]
        array.withUnsafeMutableBytes { $0.wipe() }
        #expect(array == [0, 0, 0])
        array.wipe()
        #expect(array.isEmpty)
    }
}

@Suite("Constant-time comparison")
struct ConstantTimeTests {
    @Test(
        "tells equal from different bytes and lengths",
        arguments: [
            ([], [], true), ([1], [1], true), ([1], [2], false), ([1], [], false), ([], [1], false),
            ([1, 2, 3], [1, 2, 3, 4], false), ([0, 2], [1, 2], false),
        ] as [([UInt8], [UInt8], Bool)])
    func comparison(left: [UInt8], right: [UInt8], expected: Bool) {
        let isEqual = left.withUnsafeBytes { left in right.withUnsafeBytes { constantTimeEqual(left, $0) } }
        #expect(isEqual == expected)
    }
}
