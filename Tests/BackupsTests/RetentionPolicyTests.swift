import Secrets
import Testing
import Timekeeping
import UserEngines

@testable import Accounts
@testable import Backups

@Suite("Retention of backups")
struct RetentionPolicyTests {
    private let now = UnixTime(milliseconds: 1_767_225_600_000)
    private let user = UserID()
    private let policy = RetentionPolicy(keep: 2, maximumAge: .seconds(30 * 86_400))

    private func backup(days: Double, _ kind: BackupRecord.Kind = .scheduled, label: String? = nil) -> BackupRecord {
        BackupRecord(
            id: BackupID(), userID: user, kind: kind, label: label, created: now.advanced(by: .seconds(-days * 86_400)),
            bytes: 1, sealedKey: SealedDataKey(id: DataKeyID(), seal: Seal(stored: [])))
    }

    private func daysOfExpired(_ backups: [BackupRecord]) -> [Double] {
        policy.expired(backups.shuffled(), at: now).map { $0.created.duration(to: now).inSeconds / 86_400 }.sorted()
    }

    @Test("the latest stay, as many as are kept")
    func keep() {
        #expect(daysOfExpired([1, 2, 3, 4].map { backup(days: $0) }) == [3, 4])
    }

    @Test("what is too old goes, but never the last one")
    func age() {
        #expect(daysOfExpired([backup(days: 1), backup(days: 31)]) == [31])
        #expect(daysOfExpired([backup(days: 31), backup(days: 40)]) == [40])
    }

    @Test("a label keeps a backup for ever, and takes nobody's place")
    func labels() {
        #expect(daysOfExpired([backup(days: 0, .manual, label: "x"), backup(days: 1), backup(days: 2)]) == [])
        #expect(daysOfExpired([backup(days: 1), backup(days: 99, .manual, label: "x")]) == [])
    }

    @Test("safety backups take nobody's place, and go with age")
    func safety() {
        let safeties = [1, 2, 3, 31].map { backup(days: $0, .safety) }
        #expect(daysOfExpired(safeties + [backup(days: 1), backup(days: 2)]) == [31])
    }
}
