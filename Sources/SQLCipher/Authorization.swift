import CSQLCipher

/// What the authorizer callback of one connection works with. Only the thread that uses the connection comes here.
final class Authorization {
    /// The policy for what is not our own SQL; none allows everything.
    var policy: (any StatementAuthorizer)?

    /// Set while the connection runs SQL of our own, which the policy is not asked about.
    var isTrusted = false

    /// What was refused last, in words; nil if nothing was since ``beginPreparing()``.
    private(set) var refusal: String?

    fileprivate private(set) var isPreparing = false
    private var facts: StatementFacts = []

    /// Installs the callback. The object must outlive the handle.
    func install(on handle: OpaquePointer) {
        sqlite3_set_authorizer(handle, authorize, Unmanaged.passUnretained(self).toOpaque())
    }

    func beginPreparing() {
        isPreparing = true
        facts = []
        refusal = nil
    }

    /// Ends the preparation and returns what the statement does, as far as SQLite came with it.
    ///
    /// What SQLite asks later, within a step, adds no facts: either it prepares the same text again, whose facts could
    /// differ only by a temporary object that has left its own, or it is the inner work of a virtual table.
    func endPreparing() -> StatementFacts {
        isPreparing = false
        return facts
    }

    fileprivate func decide(_ action: borrowing AuthorizerAction) -> Int32 {
        let decision = isTrusted ? .allow : policy?.authorize(action) ?? .allow
        if isPreparing && decision != .deny { facts.formUnion(StatementFacts(action)) }
        switch decision {
        case .allow: return SQLITE_OK
        case .ignore: return SQLITE_IGNORE
        case .deny:
            refusal = action.refusal
            return SQLITE_DENY
        }
    }

    /// An operation that is newer than this code: nobody can say what it does.
    fileprivate func decideUnknown() -> Int32 {
        guard policy != nil, !isTrusted else { return SQLITE_OK }
        refusal = "an unknown operation"
        return SQLITE_DENY
    }
}

private func authorize(
    _ context: UnsafeMutableRawPointer?, _ code: Int32, _ first: UnsafePointer<CChar>?,
    _ second: UnsafePointer<CChar>?, _ database: UnsafePointer<CChar>?, _ source: UnsafePointer<CChar>?
) -> Int32 {
    let authorization = Unmanaged<Authorization>.fromOpaque(context!).takeUnretainedValue()
    guard let operation = AuthorizerAction.Operation(rawValue: code) else { return authorization.decideUnknown() }
    return authorization.decide(
        AuthorizerAction(
            operation, isNested: !authorization.isPreparing, first: first, second: second, database: database,
            source: source))
}
