import Accounts
import JSON

/// The data of events: one line of JSON each, small, since a listener reads the record for the rest.
enum EventText {
    /// As much of a finding's title as is told, in Unicode scalars: every event stays a while in memory.
    private static let titleLimit = 100

    static func progress(_ progress: Int) -> [UInt8] {
        object { json in
            json.name("progress")
            json.write(progress)
        }
    }

    static func message(_ message: String) -> [UInt8] {
        object { json in
            json.name("message")
            json.write(message)
        }
    }

    static func finding(_ id: Int64, _ draft: FindingDraft) -> [UInt8] {
        object { json in
            json.name("id")
            json.write(id)
            json.name("kind")
            json.write(draft.kind)
            json.name("title")
            json.write(String(draft.title.unicodeScalars.prefix(titleLimit)))
        }
    }

    static func state(_ state: ResearchRecord.State) -> [UInt8] {
        object { json in
            json.name("state")
            json.write(state.rawValue)
        }
    }

    private static func object(_ members: (inout JSONWriter) -> Void) -> [UInt8] {
        var json = JSONWriter(capacity: 64)
        json.beginObject()
        members(&json)
        json.endObject()
        return [UInt8](json.finish())
    }
}

extension ResearchEvents: AccountsObserver {
    /// Whoever listens by that session is sent away.
    public func sessionEnded(_ session: Session) {
        dropUnentitled()
    }

    /// A lease ran out, or its user was disabled or deleted: to those who listen it has expired.
    public func researchLeaseEnded(_ lease: ResearchLease) {
        end(lease.id, state: EventText.state(.expired))
    }
}
