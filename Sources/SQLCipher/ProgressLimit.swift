import CSQLCipher
import Synchronization
import Timekeeping

/// What may stop a connection's work: a request from any thread, and a deadline.
///
/// Both stay until ``clear()``, so that a request that comes between two statements is not lost. SQLite asks by the
/// progress handler (https://www.sqlite.org/c3ref/progress_handler.html), a statement asks before its first step.
final class ProgressLimit: Sendable {
    /// Virtual machine instructions between two questions: some ten microseconds.
    static let instructions: Int32 = 1000

    private let request = Atomic(InterruptionRequest.noRequest)
    /// Nanoseconds on the monotonic clock; `Int64.max` is none.
    private let deadline = Atomic(Int64.max)
    private let progressed: (@Sendable () -> Void)?

    init(progressed: (@Sendable () -> Void)? = nil) {
        self.progressed = progressed
    }

    func interrupt(_ request: InterruptionRequest) {
        self.request.store(request.rawValue, ordering: .relaxed)
    }

    func setDeadline(_ instant: MonotonicInstant?) {
        deadline.store(instant?.nanoseconds ?? .max, ordering: .relaxed)
    }

    /// Takes request and deadline away; true if there was a request.
    func clear() -> Bool {
        deadline.store(.max, ordering: .relaxed)
        return request.exchange(InterruptionRequest.noRequest, ordering: .relaxed) != InterruptionRequest.noRequest
    }

    /// Whether somebody has asked for the work to be stopped.
    var isInterruptionRequested: Bool { request.load(ordering: .relaxed) != InterruptionRequest.noRequest }

    /// What stops the work now. A request comes before a deadline that has passed too.
    var interruption: Interruption? {
        switch InterruptionRequest(rawValue: request.load(ordering: .relaxed)) {
        case .unspecified: return .requested
        case .oldSnapshot: return .oldSnapshot
        case nil: break
        }
        let deadline = deadline.load(ordering: .relaxed)
        return deadline != .max && SystemTime().now.nanoseconds >= deadline ? .deadline : nil
    }

    /// Stops work that SQLite does not ask about.
    func check() throws(SQLiteError) {
        guard let interruption else { return }
        throw SQLiteError(.interrupt, message: "interrupted", interruption: interruption)
    }

    fileprivate func goesOn() -> Bool {
        progressed?()
        return interruption == nil
    }

    /// Installs the progress handler, also in place of an earlier one. The limit must outlive the handle.
    func install(on handle: OpaquePointer, every instructions: Int32 = ProgressLimit.instructions) {
        let context = Unmanaged.passUnretained(self).toOpaque()
        sqlite3_progress_handler(handle, instructions, shouldStop, context)
    }
}

/// Why a connection's work is to be stopped.
public enum InterruptionRequest: UInt8, Sendable {
    /// Nobody says.
    case unspecified = 1
    /// It reads a state of the database so old that the write-ahead log cannot be emptied.
    case oldSnapshot = 2

    fileprivate static let noRequest: UInt8 = 0
}

private func shouldStop(_ context: UnsafeMutableRawPointer?) -> Int32 {
    Unmanaged<ProgressLimit>.fromOpaque(context!).takeUnretainedValue().goesOn() ? 0 : 1
}
