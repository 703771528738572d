import HTTPServer
import Testing

@testable import CofferAPI

@Suite("The body of a batch")
struct BatchBodyTests {
    private func read(_ body: String) throws -> BatchBody {
        try BatchBody.read(Request(.post, "/v1/query/batch", body: Array(body.utf8)).body)
    }

    @Test("each statement is read from its place, in any order and again")
    func places() throws {
        let batch = try read(
            #"""
            { "atomic" : false, "statements" : [
                {"sql":"SELECT 1"},{"args":[1,"ä"],"sql":"SELECT ?, ?"} ,
                {"s\u0071l":"SELECT '\u00e4'", "args": {"x": {"base64": "AQI="}}}
            ] }
            """#)
        #expect(!batch.isAtomic)
        #expect(batch.starts.count == 3)
        for index in [2, 0, 1, 1, 2, 0] {
            let statement = try batch.statement(index)
            let sql = statement.sql.withUTF8Bytes { String(decoding: $0, as: UTF8.self) }
            #expect(sql == ["SELECT 1", "SELECT ?, ?", "SELECT 'ä'"][index])
            switch statement.arguments {
            case .positional(let values): #expect(Array(values) == [[], [1, "ä"]][index])
            case .named(let values):
                #expect(index == 2)
                #expect(values.map(\.name) == ["x"] && values.map(\.value) == [.blob([1, 2])])
            }
        }
    }

    @Test("what is kept of a statement is smaller than the smallest statement")
    func size() throws {
        let statement = #"{"sql":""}"#
        let batch = try read("{\"statements\":[\(statement)]}")
        #expect(stride(ofElementsIn: batch.starts) < statement.utf8.count)
        #expect(MemoryLayout.size(ofValue: batch) <= 3 * MemoryLayout<Int>.size, "nothing is kept elsewhere")
    }

    private func stride<Element: BitwiseCopyable>(ofElementsIn _: [Element]) -> Int { MemoryLayout<Element>.stride }
}
