import CSQLCipher
import SQLCipher
import Synchronization
import Testing
import Workers

@Suite struct DeferredFinalizationTests {
    @Test("statements dropped on 8 threads, 50 on each, are all finalized by the next user before its own work")
    func dropsFromManyThreads() throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2)")
            let boxes = try (0..<8).map { _ in
                StatementBox(
                    try (0..<50).map { _ in
                        let held = HeldStatement(try connection.statement("SELECT a FROM t"))
                        _ = try held.statement.step()
                        return held
                    })
            }
            #expect(connection.statementCount == 400)
            for thread in boxes.map({ box in ThreadBox(PosixThread { box.drop() }) }) { thread.join() }
            #expect(connection.statementCount == 400)
            connection.finalizeDeferred()
            #expect(connection.statementCount == 0)
            try connection.execute("DROP TABLE t")
        }
    }

    @Test("the next statement finalizes what was dropped before")
    func nextStatement() throws {
        try withConnection { connection throws in
            try connection.execute("CREATE TABLE t(a); INSERT INTO t VALUES (1), (2)")
            _ = try connection.statement("SELECT a FROM t").step()
            #expect(connection.statementCount == 1)
            try connection.run("DROP TABLE t")
        }
    }

    @Test("statements that are dropped while the connection works elsewhere wait")
    func dropsDuringWork() throws {
        try withConnection { connection throws in
            let boxes = try (0..<20).map { _ in
                StatementBox(try (0..<20).map { _ in HeldStatement(try connection.statement("SELECT 1")) })
            }
            let thread = PosixThread { for box in boxes { box.drop() } }
            for index in 0..<2000 {
                #expect(try connection.value("SELECT ?1", [.integer(Int64(index))]) == .integer(Int64(index)))
            }
            thread.join()
            connection.finalizeDeferred()
            // Left is the cached one.
            #expect(connection.statementCount == 1)
        }
    }

    @Test("a statement that is dropped after the reset or the close is gone already")
    func lateDrop() throws {
        try withDatabase { database throws in
            let connection = try database.open()
            let first = StatementBox([HeldStatement(try connection.statement("SELECT 1"))])
            #expect(connection.reset() == .asNew)
            let second = StatementBox([HeldStatement(try connection.statement("SELECT 2"))])
            first.drop()
            connection.finalizeDeferred()
            #expect(connection.statementCount == 1)
            #expect(try connection.close() == ["SELECT 2"])
            second.drop()
        }
    }
}

/// Statements that another thread drops.
private final class StatementBox: Sendable {
    private let statements: Mutex<[HeldStatement]>

    init(_ statements: [HeldStatement]) {
        self.statements = Mutex(statements)
    }

    func drop() {
        statements.withLock { $0 = [] }
    }
}

/// A noncopyable statement in a collection.
private final class HeldStatement: Sendable {
    let statement: Statement

    init(_ statement: consuming Statement) {
        self.statement = statement
    }
}

/// A noncopyable thread in a collection.
private final class ThreadBox {
    private var thread: PosixThread?

    init(_ thread: consuming PosixThread) {
        self.thread = consume thread
    }

    func join() {
        thread.take()?.join()
    }
}
