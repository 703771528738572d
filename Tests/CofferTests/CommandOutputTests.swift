import Accounts
import Testing

@testable import coffer

@Suite("What commands print")
struct CommandOutputTests {
    @Test("a backup's problem stays on its line, and cannot steer a terminal")
    func problems() {
        let id = BackupID()
        #expect(BackupVerifyCommand.line("ada", id, []) == "ada  \(id)  ok")
        #expect(
            BackupVerifyCommand.line("ada", id, ["row 1 missing from index \u{1B}[2J\nbob  ok", "is empty"])
                == "ada  \(id)  row 1 missing from index \u{FFFD}[2J\u{FFFD}bob  ok; is empty")
    }
}
