import Accounts
import Backups
import HTTPServer
import JSON
import Timekeeping

/// A backup as its user sees it.
enum BackupState {
    case running(BackupRun)
    case failed(FailedBackup)
    /// `hasFile` is false if somebody removed it behind the server's back.
    case complete(BackupRecord, hasFile: Bool)
}

extension JSONWriter {
    mutating func write(_ state: BackupState) {
        beginObject()
        switch state {
        case .running(let run):
            writeHead(id: run.id, run.kind, label: run.label, created: run.created, state: "running")
            name("pages_done")
            write(run.progress.done)
            name("pages_total")
            write(run.progress.total)
        case .failed(let failed):
            let run = failed.run
            writeHead(id: run.id, run.kind, label: run.label, created: run.created, state: "failed")
            name("code")
            write(ProblemMapping.problem(for: failed.error).code)
        case .complete(let backup, let hasFile):
            writeHead(
                id: backup.id, backup.kind, label: backup.label, created: backup.created,
                state: hasFile ? "complete" : "missing")
            name("bytes")
            write(backup.bytes)
        }
        endObject()
    }

    private mutating func writeHead(
        id: BackupID, _ kind: BackupRecord.Kind, label: String?, created: UnixTime, state: String
    ) {
        name("id")
        write(id.description)
        name("state")
        write(state)
        name("kind")
        write(kind.rawValue)
        name("label")
        if let label { write(label) } else { writeNull() }
        name("created")
        write(created.iso8601)
    }
}
