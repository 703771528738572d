import Testing

@testable import JSON

@Suite("Bytes, and the memory that they grow in")
struct GrowingBytesTests {
    private func append(_ bytes: [UInt8], to growing: inout GrowingBytes) {
        bytes.withUnsafeBytes { growing.append(contentsOf: $0) }
    }

    @Test("What was appended is kept, piece by piece, from every capacity")
    func growth() {
        for capacity in [0, 1, 2, 3, 7, 64, 1000] {
            var growing = GrowingBytes(capacity: capacity)
            var expected: [UInt8] = []
            for size in 0..<70 {
                let piece = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 7 &+ size) }
                append(piece, to: &growing)
                growing.append(UInt8(size))
                expected += piece + [UInt8(size)]
                #expect(growing.count == expected.count)
                #expect(growing.last == UInt8(size))
            }
            #expect([UInt8](growing.finish()) == expected)
        }
    }

    @Test("A piece may be much larger than twice what there is")
    func hugePiece() {
        let piece = [UInt8](repeating: 0xA5, count: 300_000)
        var growing = GrowingBytes(capacity: 16)
        growing.append(1)
        append(piece, to: &growing)
        growing.append(2)
        #expect(growing.finish() == Bytes([1] + piece + [2]))
    }

    @Test("Room that was asked for and not used is used by what follows")
    func unusedRoom() {
        var growing = GrowingBytes(capacity: 4)
        for byte in 0..<100 as Range<UInt8> {
            growing.append(upTo: 30) { target in
                target[0] = byte
                return 1
            }
        }
        #expect(growing.finish() == Bytes(Array(0..<100)))
    }

    @Test("What comes after a cut takes the place of what was cut off")
    func cutting() {
        var growing = GrowingBytes(capacity: 2)
        append([1, 2, 3, 4, 5], to: &growing)
        growing.cut(to: 5)
        growing.cut(to: 2)
        #expect(growing.last == 2)
        append([6, 7, 8, 9, 10, 11], to: &growing)
        growing.cut(to: 3)
        #expect(growing.finish() == [1, 2, 6])
    }

    @Test("Nothing is nothing, at the beginning and after a cut")
    func empty() {
        var growing = GrowingBytes(capacity: 0)
        #expect(growing.last == nil)
        #expect(growing.take() == [])
        append([], to: &growing)
        growing.append(1)
        growing.cut(to: 0)
        #expect(growing.last == nil)
        #expect(growing.finish() == [])
    }

    @Test("What was taken stays as it is while others follow")
    func taking() {
        var growing = GrowingBytes(capacity: 1)
        var taken: [Bytes] = []
        for byte in 1...9 as ClosedRange<UInt8> {
            append([UInt8](repeating: byte, count: 3 * Int(byte)), to: &growing)
            taken.append(growing.take())
            #expect(growing.count == 0)
        }
        for (index, bytes) in taken.enumerated() {
            #expect(bytes == Bytes([UInt8](repeating: UInt8(index + 1), count: 3 * (index + 1))))
        }
        #expect(growing.finish() == [])
    }

    @Test("Bytes are a collection, and equal to the same")
    func collection() {
        let bytes: Bytes = [3, 1, 2]
        #expect(bytes.count == 3 && bytes[1] == 1 && bytes.last == 2 && bytes.sorted() == [1, 2, 3])
        #expect([UInt8](bytes) == [3, 1, 2] && String(decoding: Bytes("text"), as: UTF8.self) == "text")
        #expect(bytes == [3, 1, 2] && bytes != [3, 1] && bytes != [3, 1, 2, 0] && bytes != [3, 1, 1])
    }

    @Test("They stay where they are as long as their owner lives")
    func ownership() {
        weak var owner: AnyObject?
        do {
            var bytes: Bytes? = Bytes("kept")
            let held = bytes!.owner
            let start = bytes!.withUnsafeBytes { $0.baseAddress }
            bytes = nil
            owner = held
            withExtendedLifetime(held) {
                #expect(UnsafeRawBufferPointer(start: start, count: 4).elementsEqual("kept".utf8))
            }
        }
        #expect(owner == nil)
    }
}
