import JSON
import Research
import Timekeeping

extension JSONWriter {
    mutating func write(_ record: ResearchRecord) {
        beginObject()
        name("id")
        write(record.id.description)
        name("title")
        write(record.title)
        member("query", record.query)
        name("state")
        write(record.state.rawValue)
        name("progress")
        write(record.progress)
        member("message", record.message)
        member("error", record.error)
        member("result", json: record.result)
        name("findings")
        write(record.findings)
        name("created")
        write(record.created.iso8601)
        name("updated")
        write(record.updated.iso8601)
        member("lease_expires_at", record.state == .running ? record.leaseExpiresAt.iso8601 : nil)
        member("ended", record.ended?.iso8601)
        endObject()
    }

    mutating func write(_ finding: Finding, snippet: String? = nil) {
        beginObject()
        name("id")
        write(finding.id)
        name("research_id")
        write(finding.research.description)
        member("key", finding.key)
        name("kind")
        write(finding.kind)
        name("title")
        write(finding.title)
        member("url", finding.url)
        name("content")
        write(finding.content)
        member("data", json: finding.data)
        name("created")
        write(finding.created.iso8601)
        if let snippet {
            name("snippet")
            write(snippet)
        }
        endObject()
    }

    /// Writes a part of a list.
    mutating func write<Item>(_ page: Page<Item>, _ item: (Item, inout JSONWriter) -> Void) {
        beginObject()
        name("items")
        beginArray()
        for element in page.items { item(element, &self) }
        endArray()
        member("next_cursor", page.next.map { "\($0)" })
        endObject()
    }

    private mutating func member(_ name: StaticString, _ value: String?) {
        self.name(name)
        if let value { write(value) } else { writeNull() }
    }

    /// Writes a member whose value is JSON text already.
    private mutating func member(_ name: StaticString, json: String?) {
        self.name(name)
        guard var json else { return writeNull() }
        json.withUTF8 { append(bytes: UnsafeRawBufferPointer($0)) }
    }
}
