import JSON

/// What `coffer doctor` has looked at and found.
struct DoctorReport {
    /// Something that is not as it should be.
    struct Finding: Hashable {
        /// A path below the data directory, or the directory's own.
        let path: String
        /// What is wrong, without the path.
        let problem: String
    }

    let dataDirectory: String
    let isServerRunning: Bool
    var users = 0
    var backups = 0
    var files = 0
    /// The user whose pages were read, if one's were.
    var contentsOf: String?
    var findings: [Finding] = []

    mutating func add(_ problem: String, at path: String) {
        findings.append(Finding(path: path, problem: problem))
    }

    /// Keeps what both passes have found: beside a server, files come and go between two looks.
    func confirmed(by second: DoctorReport) -> DoctorReport {
        var report = second
        let both = Set(findings)
        report.findings = second.findings.filter(both.contains)
        return report
    }

    /// A line for each finding, and one for all.
    var text: String {
        let lines = findings.map { "\(PrintableText($0.path)): \(PrintableText($0.problem))" }
        let counts = "\(users) users, \(backups) backups, \(files) files"
        let contents = contentsOf.map { ", every page of \($0)'s" } ?? ""
        let server = isServerRunning ? " beside a running server" : ""
        let outcome =
            findings.isEmpty ? "nothing found" : findings.count == 1 ? "1 finding" : "\(findings.count) findings"
        return (lines + ["checked \(dataDirectory)\(server): \(counts)\(contents): \(outcome)"]).joined(separator: "\n")
    }

    /// The same for programs.
    var json: String {
        var json = JSONWriter()
        json.beginObject()
        json.name("data_directory")
        json.write(dataDirectory)
        json.name("server_running")
        json.write(isServerRunning)
        for (name, count) in [("users", users), ("backups", backups), ("files", files)] {
            json.name(escaping: name)
            json.write(count)
        }
        json.name("contents_of")
        if let contentsOf { json.write(contentsOf) } else { json.writeNull() }
        json.name("findings")
        json.beginArray()
        for finding in findings {
            json.beginObject()
            json.name("path")
            json.write(finding.path)
            json.name("problem")
            json.write(finding.problem)
            json.endObject()
        }
        json.endArray()
        json.endObject()
        return String(decoding: json.finish(), as: UTF8.self)
    }
}
