import Accounts
import HTTPServer

/// Tells operators, who have the admin token, from everybody else.
struct OperatorAccess: Sendable {
    let configuration: AccessConfiguration

    func isOperator(_ request: Request) -> Bool {
        guard let token = configuration.adminToken, let header = request.header("Authorization"),
            let credentials = BearerCredentials(header)
        else { return false }
        return token.matches(Array(credentials.token.utf8))
    }

    /// Refuses everybody else: 404 when nobody is an operator here, 401 for a wrong token.
    func requireOperator(_ request: Request) throws {
        guard configuration.adminToken != nil else { throw Problem.notFound() }
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
