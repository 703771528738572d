import ConnectionPool
import SQLCipher
import Timekeeping

/// Statements of several requests in one transaction, so that they wait for the disk once.
///
/// Each has a savepoint of its own. Some failures end the whole transaction, with what the neighbours have done: a
/// conflict resolved by `ROLLBACK`, an interruption, a full disk. Some show at the commit alone: a deferred foreign
/// key. So after each statement it is looked whether the transaction stands and could be committed. Where it does not,
/// all of it is rolled back and everyone runs alone, as if there had been no group; nobody is answered before the
/// commit. See https://www.sqlite.org/lang_transaction.html, "Response To Errors Within A Transaction".
struct WriteGroup {
    private enum Step {
        /// What it did counts with the commit, and what came of it is kept.
        case done
        /// It has left nothing, and has to run alone. The transaction stands.
        case undone
        /// The transaction is gone or has to go.
        case lost((any Error)?)
    }

    typealias Member = TakenErrand<UserConnectionDriver>

    private let engine: Engine
    private let connection: Connection
    private var members: [Member] = []
    private var bytes = 0

    init(of engine: Engine, on connection: Connection) {
        self.engine = engine
        self.connection = connection
    }

    /// Whether there is room for both.
    func admits(_ write: any GroupedWrite, beside first: any GroupedWrite) -> Bool {
        write.mayJoin && first.byteCount + write.byteCount <= engine.configuration.writeGroups.bytes
    }

    /// Begins the transaction with the statement of the writer's holder. False if that has to run alone, as one that
    /// takes long has: while it could be rolled back by itself, SQLite keeps in memory what each page was before it.
    ///
    /// - Throws: what it failed with, which leaves nothing.
    mutating func begin(with first: any GroupedWrite) throws -> Bool {
        connection.limit(until: SystemTime().now.advanced(by: first.timeout))
        let statement = try connection.statement(first.sql)
        defer { statement.finish() }
        guard statement.mayJoinGroup() else { return false }
        try statement.bind(first.arguments)
        connection.limit(until: SystemTime().now.advanced(by: min(first.timeout, engine.configuration.writeGroups.end)))
        // What is in the way now is found again, and told, by the statement alone.
        guard (try? connection.executeKept("BEGIN IMMEDIATE")) != nil else { return false }
        bytes = first.byteCount
        switch run(first, statement) {
        case .done: return true
        case .undone:
            try rollBack()
            return false
        case .lost(let error):
            try rollBack()
            if (error as? SQLiteError)?.interruption == .deadline { return false }
            // There was nobody else in the transaction, so it ends as it would have without a group.
            if let error { throw error }
            return false
        }
    }

    /// Runs those who wait, in their order. False if the transaction is gone and all have to run alone.
    mutating func join() throws -> Bool {
        let start = SystemTime().now
        let bounds = engine.configuration.writeGroups
        let end = start.advanced(by: bounds.end)
        while members.count + 1 < bounds.members, start.duration(to: SystemTime().now) < bounds.joining,
            let member = engine.writer.takeErrand(where: { $0.mayJoin && bytes + $0.byteCount <= bounds.bytes })
        {
            members.append(member)
            bytes += member.errand.byteCount
            switch runNeighbour(member.errand, until: end) {
            case .done: break
            case .undone:
                // It is the first in the queue again, and keeps those behind it from being taken past it.
                member.errand.stayAlone()
                engine.writer.putBack([members.removeLast()])
            case .lost(let error):
                try giveUp(error)
                return false
            }
        }
        return true
    }

    /// Commits.
    ///
    /// - Returns: who is to be answered, beside the holder; nil if all have to run alone.
    /// - Throws: the error of a commit that may count after a crash: nobody can try again then.
    mutating func commit() throws -> [Member]? {
        connection.limit(until: nil)
        do {
            try connection.executeKept("COMMIT")
        } catch  where error.isConnectionBroken {
            // The log may hold the transaction whole, if only its sync has failed, and whoever ran again would count
            // twice.
            for member in members { member.errand.fail(error) }
            engine.writer.end(members)
            throw error
        } catch {
            try giveUp(error)
            return nil
        }
        engine.metrics.groupCommitted(members: members.count + 1)
        return members
    }

    private func runNeighbour(_ write: any GroupedWrite, until end: MonotonicInstant) -> Step {
        connection.limit(until: min(SystemTime().now.advanced(by: write.timeout), end))
        let statement: Statement
        do {
            statement = try connection.statement(write.sql)
        } catch let error as SQLiteError where error.concernsGroup {
            return .lost(error)
        } catch {
            write.fail(error)
            return .done
        }
        defer { statement.finish() }
        guard statement.mayJoinGroup() else { return .undone }
        do {
            try statement.bind(write.arguments)
        } catch let error as SQLiteError where error.concernsGroup {
            return note(.lost(error), of: statement)
        } catch {
            write.fail(error)
            return .done
        }
        return run(write, statement)
    }

    private func run(_ write: any GroupedWrite, _ statement: borrowing Statement) -> Step {
        note(runInSavepoint(write, statement), of: statement)
    }

    /// Keeps a statement that has undone a group out of the next ones; one that was interrupted has not.
    private func note(_ step: Step, of statement: borrowing Statement) -> Step {
        switch step {
        case .done: break
        case .lost(let error as SQLiteError) where error.interruption == .requested: break
        case .undone, .lost: statement.history.upsetGroup()
        }
        return step
    }

    private func runInSavepoint(_ write: any GroupedWrite, _ statement: borrowing Statement) -> Step {
        connection.forgetLastInsertRowID()
        var failure: (any Error)?
        do {
            try connection.executeKept("SAVEPOINT member")
            try engine.timed(.writer) { try write.run(statement, on: connection) }
        } catch {
            failure = error
        }
        // A statement that still runs keeps its savepoint from being released.
        statement.reset()
        guard connection.isInTransaction else { return .lost(failure) }
        let violation = (failure as? SQLiteError).flatMap { $0.code == .constraint ? $0 : nil }
        if failure == nil || violation != nil, !connection.hasUnresolvedForeignKeys,
            (try? connection.executeKept("RELEASE member")) != nil
        {
            // SQLite has left of the statement what its conflict clause says, as it would without a group.
            if let violation { write.fail(violation) }
            return .done
        }
        if let failure = failure as? SQLiteError, failure.concernsGroup {
            return .lost(failure)
        }
        guard (try? connection.execute("ROLLBACK TO member; RELEASE member")) != nil, connection.isInTransaction,
            !connection.hasUnresolvedForeignKeys
        else { return .lost(failure) }
        return .undone
    }

    /// Rolls everything back, and lets the others wait again, each to run alone.
    private mutating func giveUp(_ cause: (any Error)?) throws {
        engine.metrics.groupUndone()
        for member in members { member.errand.stayAlone() }
        engine.writer.putBack(members)
        members = []
        try rollBack()
        if let cause = cause as? SQLiteError, cause.isConnectionBroken { throw BrokenWriteGroup(cause: cause) }
    }

    private func rollBack() throws {
        defer { connection.forgetLastInsertRowID() }
        guard connection.isInTransaction else { return }
        do {
            try connection.execute("ROLLBACK")
        } catch {
            throw BrokenWriteGroup(cause: error)
        }
    }
}

/// What a group of writes may consist of. It begins to take others when its first statement is done, so it holds the
/// writer only this much longer than that one alone.
struct WriteGroupBounds: Sendable {
    var members = 64
    /// Bytes of texts and arguments.
    var bytes = 1 << 20
    /// How long others are taken in.
    var joining = Duration.milliseconds(2)
    /// When a statement that was taken in is stopped, from the same beginning. The first one has as long, for itself.
    var end = Duration.milliseconds(8)
}

/// A group came to nothing on a connection that cannot be used any more, through no fault of its holder's statement.
struct BrokenWriteGroup: Error {
    let cause: SQLiteError
}

extension Statement {
    /// Whether it changes rows and does nothing else, in steps that can be stopped.
    fileprivate func mayJoinGroup() -> Bool {
        guard facts.contains(.writes), facts.isSubset(of: [.reads, .writes]), !isExplain else { return false }
        return history.mayJoinGroup()
    }
}

extension SQLiteError {
    /// Whether it is no fault of one statement's: the connection is broken, or was interrupted.
    fileprivate var concernsGroup: Bool { isConnectionBroken || code == .interrupt }
}
