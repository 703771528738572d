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

    func mayReadMetrics(_ request: Request) -> Bool {
        switch configuration.metrics {
        case .open: true
        case .token: isOperator(request)
        case .off: false
        }
    }
}
