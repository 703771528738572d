import JSON
import Testing

@Suite("The writer")
struct WriterTests {
    private func written(_ body: (inout JSONWriter) -> Void) -> String {
        var writer = JSONWriter(capacity: 0)
        body(&writer)
        return String(decoding: writer.finish(), as: UTF8.self)
    }

    @Test("Commas stand between values and nowhere else")
    func commas() {
        let text = written { writer in
            writer.beginObject()
            writer.name("empty")
            writer.beginArray()
            writer.endArray()
            writer.name("list")
            writer.beginArray()
            writer.write(1)
            writer.write(",")
            writer.write("[")
            writer.writeNull()
            writer.beginObject()
            writer.endObject()
            writer.beginArray()
            writer.write(true)
            writer.endArray()
            writer.write(asString: -7)
            writer.endArray()
            writer.name(escaping: "dynamic\"")
            writer.write(false)
            writer.endObject()
        }
        #expect(text == #"{"empty":[],"list":[1,",","[",null,{},[true],"-7"],"dynamic\"":false}"#)
    }

    @Test("Fixed fragments and values may follow each other in any order")
    func fragments() {
        let text = written { writer in
            writer.append("{\"columns\":[],\"rows\":[")
            writer.write(1)
            writer.write(2)
            writer.append("],")
            writer.name("a")
            writer.write(0)
            writer.append(",\"b\":")
            writer.writeNull()
            writer.endObject()
            writer.append("\n")
            writer.beginArray()
            writer.endArray()
        }
        #expect(text == "{\"columns\":[],\"rows\":[1,2],\"a\":0,\"b\":null}\n[]")
    }

    @Test(
        "Integers are written in full",
        arguments: [0, 1, -1, 9, 10, 99, 100, 1_234_567_890, 9_007_199_254_740_993, .max, .min] as [Int64]
            + (1...18).flatMap { digits in
                let power = Int64("1" + String(repeating: "0", count: digits))!
                return [power - 1, power, -power, -power - 1]
            })
    func integers(value: Int64) {
        #expect(written { $0.write(value) } == "\(value)")
        #expect(written { $0.write(asString: value) } == "\"\(value)\"")
    }

    @Test(
        "Doubles keep looking like doubles",
        arguments: [
            (1, "1.0"), (-0.0, "-0.0"), (0.1, "0.1"), (1e15, "1000000000000000.0"), (1e16, "1e+16"),
            (.leastNonzeroMagnitude, "5e-324"),
            (.greatestFiniteMagnitude, "1.7976931348623157e+308"), (.infinity, "null"), (-.infinity, "null"),
            (.nan, "null"),
        ] as [(Double, String)])
    func doubles(value: Double, text: String) {
        #expect(written { $0.write(value) } == text)
    }

    @Test("Thousandths are written as a double that is so many")
    func thousandths() {
        for value in [0, 1, 9, 10, 99, 100, 120, 999, 1000, 1001, 1050, 59_990, 60_000, 123_456_789_012_345] as [Int64]
        {
            #expect(written { $0.write(thousandths: value) } == "\(Double(value) / 1000)")
        }
        #expect(written { $0.write(thousandths: .max) } == "9223372036854775.807")
    }

    @Test("What must be escaped is, at every position of a word, and nothing else")
    func escapes() throws {
        for (count, position) in [1, 5, 8, 12, 17].flatMap({ count in (0..<count).map { (count, $0) } }) {
            for byte in UInt8.min..<0x80 {
                var text = [UInt8](repeating: UInt8(ascii: "y"), count: count)
                text[position] = byte
                let output = written { writer in text.withUnsafeBytes { writer.write(utf8: $0) } }
                let mustGrow = byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
                if mustGrow != (output.utf8.count > count + 2) { Issue.record("\(output)") }
                let parsed = try JSONValue(parsing: Array(output.utf8)).stringValue
                if parsed != String(decoding: text, as: UTF8.self) { Issue.record("\(output)") }
            }
        }
        #expect(
            written { $0.write("\u{1F}\u{0}\u{B}\u{8}\u{C}\n\r\t\"\\/") } == #""\u001f\u0000\u000b\b\f\n\r\t\"\\/""#)
        #expect(written { $0.write("é\u{2028}😀\u{7F}") } == "\"é\u{2028}😀\u{7F}\"")
        #expect(written { $0.write("é\"😀\n, and\tmore é") } == #""é\"😀\n, and\tmore é""#)
        #expect(written { $0.write("") } == "\"\"")
    }

    @Test(
        "the length of a string is known before it is written",
        arguments: ["", "plain text", "\"\\/\n\u{1}\u{8}\u{C}\u{1F} ", "12345678\tä€😀\u{0}", "\u{7F}"])
    func stringLength(text: String) {
        var text = text
        let count = text.withUTF8 { JSONWriter.byteCount(ofString: UnsafeRawBufferPointer($0)) }
        #expect(count == written { $0.write(text) }.utf8.count)
    }

    @Test("what was written after a mark can be forgotten, commas too")
    func rewinding() {
        let text = written { json in
            json.beginArray()
            let start = json.mark
            json.write(1)
            json.rewind(to: start)
            json.write(2)
            let end = json.mark
            json.beginObject()
            json.name("a")
            json.rewind(to: end)
            json.write(3)
            json.endArray()
        }
        #expect(text == "[2,3]")
    }

    @Test("Text that is not UTF-8 is refused and leaves no trace", arguments: MalformedUTF8.sequences)
    func invalidText(sequence: [UInt8]) {
        let text = written { writer in
            writer.beginArray()
            writer.write(1)
            let bytes = Array("a\"é".utf8) + sequence
            #expect(bytes.withUnsafeBytes { writer.write(utf8IfValid: $0) } == false)
            #expect(Array("a\"é".utf8).withUnsafeBytes { writer.write(utf8IfValid: $0) })
            writer.endArray()
        }
        #expect(text == #"[1,"a\"é"]"#)
    }

    @Test("A name that was encoded before, and the end of a line") func lines() {
        let name = JSONWriter.encoded(name: "a\"é")
        let text = written { writer in
            for value in 1...2 {
                writer.beginObject()
                writer.name(encoded: name)
                writer.write(value)
                writer.name(encoded: name)
                writer.writeNull()
                writer.endObject()
                writer.endLine()
            }
        }
        #expect(text == #"{"a\"é":1,"a\"é":null}"# + "\n" + #"{"a\"é":2,"a\"é":null}"# + "\n")
    }

    @Test("Taking empties the writer, which goes on")
    func taking() {
        var writer = JSONWriter()
        writer.write(1)
        writer.append("\n")
        #expect(writer.take() == Bytes("1\n"))
        #expect(writer.count == 0)
        writer.beginArray()
        writer.endArray()
        #expect(writer.count == 2)
        #expect(writer.finish() == Bytes("[]"))
    }
}
