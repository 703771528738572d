import CofferTesting
import JSON
import Testing

@Suite("Random documents")
struct RandomDocumentTests {
    private func document(of value: JSONValue) -> [UInt8] {
        var writer = JSONWriter()
        writer.write(value)
        return [UInt8](writer.finish())
    }

    @Test("What the writer writes reads back as the same value, bit for bit")
    func roundTrip() throws {
        var random = RandomJSON(generator: SeededGenerator(seed: 1))
        for _ in 0..<3_000 {
            let value = random.value()
            let first = document(of: value)
            let parsed = try JSONValue(parsing: first)
            #expect(parsed == value)
            #expect(document(of: parsed) == first)
        }
    }

    @Test("Every prefix of a document is refused with an offset inside it")
    func prefixes() throws {
        var random = RandomJSON(generator: SeededGenerator(seed: 2))
        let fixed = Array(#"{"é\uD83D\uDE00":[-1.5e+3,true,{"x":null}],"emoji":"😀","n":[0,-7]}"#.utf8)
        _ = try JSONValue(parsing: fixed)
        for document in [fixed] + (0..<60).map({ _ in document(of: .array([random.value(), .null])) }) {
            for length in 0..<document.count {
                let error = #expect(throws: JSONError.self) { try JSONValue(parsing: Array(document[..<length])) }
                #expect(try #require(error).offset <= length)
            }
        }
    }

    @Test("A damaged document is read or refused, and what is read survives a round trip")
    func damage() throws {
        var generator = SeededGenerator(seed: 3)
        var random = RandomJSON(generator: SeededGenerator(seed: 4))
        for _ in 0..<5_000 {
            var bytes = document(of: random.value(depth: 3))
            for _ in 0..<Int.random(in: 1...3, using: &generator) {
                bytes[Int.random(in: 0..<bytes.count, using: &generator)] = UInt8.random(in: 0...255, using: &generator)
            }
            try readOrRefuse(bytes)
        }
    }

    @Test("Random bytes are read or refused")
    func noise() throws {
        var generator = SeededGenerator(seed: 5)
        let alphabet =
            Array(#"{}[]",:\u0019dDeE+-. truefalsn"#.utf8) + [0x00, 0x0A, 0x80, 0xC3, 0xA9, 0xED, 0xF0, 0xFF]
        for round in 0..<30_000 {
            let length = Int.random(in: 0...40, using: &generator)
            try readOrRefuse(
                (0..<length).map { _ in
                    round.isMultiple(of: 2)
                        ? UInt8.random(in: 0...255, using: &generator) : alphabet.randomElement(using: &generator) ?? 0
                })
        }
    }

    private func readOrRefuse(_ bytes: [UInt8]) throws {
        do {
            let value = try JSONValue(parsing: bytes)
            #expect(try JSONValue(parsing: document(of: value)) == value)
        } catch {
            #expect(0...bytes.count ~= error.offset)
        }
    }
}
