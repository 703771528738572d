import Accounts
import HTTPServer

/// Tells operators, who have the admin token, from everybody else.
struct OperatorAccess: Sendable {
    let configuration: AccessConfiguration

    func isOperator(_ request: Request) -> Bool {
        guard let token = configuration.adminToken else { return false }
        return request.headers.withBearerToken { token.matches($0) } ?? false
    }

    /// Refuses everybody else: 404 when nobody is an operator here, 401 for a wrong token.
    func requireOperator(_ request: Request) throws {
        guard configuration.adminToken != nil else { throw Problem.unknownPath }
        guard isOperator(request) else { throw AccountError.invalidToken }
    }

    func mayReadMetrics(_ request: Request) -> Bool {
        switch configuration.metrics {
        case .open: true
        case .token: isOperator(request)
        case .off: false
        }
    }
}
