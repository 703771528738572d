import Benchmark
import JSON

func jsonBenchmarks() {
    let body = Array(#"{"sql":"SELECT id, title, body FROM notes WHERE id = ?","args":[17,"a text",1.5,null]}"#.utf8)
    Benchmark("JSON in: a query's body") { benchmark in
        for _ in benchmark.scaledIterations {
            try body.withUnsafeBytes { bytes in
                var json = JSONCursor(bytes)
                try json.skipValue()
                try json.finish()
            }
        }
    }
    Benchmark("JSON in: a query's body, as a value") { benchmark in
        for _ in benchmark.scaledIterations { blackHole(try body.withUnsafeBytes { try JSONValue(parsing: $0) }) }
    }
    let text = Array("the body of a note, a line of text".utf8)
    Benchmark("JSON out: a row of three columns") { benchmark in
        for _ in benchmark.scaledIterations {
            var json = JSONWriter()
            json.beginObject()
            json.name("rows")
            json.beginArray()
            json.beginArray()
            json.write(Int64(17))
            text.withUnsafeBytes { json.write(utf8: $0) }
            json.write(1.5)
            json.endArray()
            json.endArray()
            json.endObject()
            blackHole(json.finish())
        }
    }
}
