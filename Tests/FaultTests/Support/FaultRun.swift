import CofferTesting
import FaultInjection
import Glibc
import Testing
import UserEngines

/// All attempts at one scenario: for every kind of fault the first call fails, then the second, and so on, until the
/// scenario ends without having been struck. Each once with that call alone, and once with every call after it too.
struct FaultRun<Scenario: FaultScenario> {
    /// More would say the same again.
    private static var mostProblems: Int { 8 }

    func run() async throws {
        try Faults.install()
        // What is allocated once for the whole process is there after this.
        for _ in 0..<2 { try await attemptUntouched() }
        var points: [FaultKind: Int] = [:]
        var problems: [String] = []
        // Memory does not come back after a fault while a key is set: that has a test of its own.
        for kind in FaultKind.allCases where kind != .keying {
            for isLasting in [false, true] {
                try await strike(kind, isLasting, &points, &problems)
            }
        }
        FaultReport.print(Scenario.name, points)
        for problem in problems { Issue.record("\(problem)") }
        for kind in Scenario.reached.sorted(by: { $0.rawValue < $1.rawValue }) {
            #expect(points[kind, default: 0] > 0, "\(Scenario.name) was not reached by \(kind)")
        }
    }

    private func strike(
        _ kind: FaultKind, _ isLasting: Bool, _ points: inout [FaultKind: Int], _ problems: inout [String]
    ) async throws {
        var call = 1
        while problems.count < Self.mostProblems {
            let fault = Fault(kind, call: call, isLasting: isLasting)
            let (injected, found) = await attempt(fault)
            problems += found.map { "\(Scenario.name), \(fault): \($0)" }
            if injected == 0 { return }
            points[kind, default: 0] += 1
            call += Scenario.stride.after(call, of: kind)
        }
    }

    private func attemptUntouched() async throws {
        let (injected, problems) = await attempt(Fault(.memory, call: .max, isLasting: false))
        try require(injected == 0 && problems.isEmpty, "\(Scenario.name) fails without a fault: \(problems)")
    }

    /// Runs the scenario once. Returns how many faults struck, and what was wrong afterwards.
    private func attempt(_ fault: Fault) async -> (injected: Int, problems: [String]) {
        await withTemporaryDirectory { directory in
            let work = directory.file("work")
            let crash = directory.file("crash")
            FileTree.makeDirectory(work)
            let before = Footprint.now
            let defectsBefore = DefectCounter.count
            var attempt = Attempt()
            guard let scenario = await attempt.phase("prepare", { try await Scenario(in: work) }) else {
                return (0, attempt.problems)
            }
            let (result, injected) = await Faults.run(with: fault) { try await scenario.run() }
            let error: (any Error)? = if case .failure(let error) = result { error } else { nil }
            if let error, injected == 0 || !scenario.expects(error) {
                attempt.add("run: unexpected \(String(reflecting: error))")
            }
            attempt.problems += await scenario.problems()
            copyTree(work, to: crash)
            await attempt.phase("proceed") { try await scenario.proceed() }
            await attempt.phase("close") { try await scenario.close() }
            attempt.expect(before, "close")
            for (path, isCrash) in [(work, false), (crash, true)] {
                await attempt.phase(isCrash ? "verify the crash" : "verify") {
                    try await scenario.verify(End(directory: path, error: error, isCrash: isCrash))
                }
            }
            attempt.expect(before, "verify")
            if DefectCounter.count > defectsBefore {
                attempt.add("a connection was not closed, or a statement not finished")
            }
            return (injected, attempt.problems.map { "\($0) [run: \(error.map { "\($0)" } ?? "success")]" })
        }
    }
}

/// What was found wrong in one attempt.
private struct Attempt {
    var problems: [String] = []

    mutating func add(_ problem: String) {
        problems.append(problem)
    }

    @discardableResult
    mutating func phase<Value>(_ name: String, _ body: () async throws -> Value) async -> Value? {
        do {
            return try await body()
        } catch {
            add("\(name): \(error)")
            return nil
        }
    }

    mutating func expect(_ before: Footprint, _ phase: String) {
        let now = Footprint.now
        if now != before { add("after \(phase): \(now) instead of \(before)") }
    }
}

/// What this process holds, by SQLite's account and by the kernel's.
private struct Footprint: Equatable {
    let sqlite: SQLiteHoldings
    let descriptors: [String]

    static var now: Footprint { Footprint(sqlite: .now, descriptors: OpenFiles.paths(under: "/")) }
}

/// Copies a directory's files as they are at this moment, a file with two names as one. That drops the locks which other
/// processes would see, and no other process looks.
private func copyTree(_ source: String, to target: String) {
    FileTree.makeDirectory(target)
    var copies: [(path: String, copy: String)] = []
    for path in FileTree.paths(under: source) {
        let copy = target + path.dropFirst(source.count)
        if FileTree.isDirectory(path) {
            FileTree.makeDirectory(copy)
        } else if let known = copies.first(where: { StoredFile.isSame($0.path, path) }) {
            precondition(link(known.copy, copy) == 0, "cannot link \(copy): errno \(errno)")
        } else {
            FileContent.write(FileContent.bytes(of: path), to: copy)
            copies.append((path, copy))
        }
    }
}
