import Accounts

extension Setting where Value == LoginThrottle.Limits {
    static let loginFailures = Setting(
        "loginFailures", "10/15m,100/15m", expected: "two rates, such as 10/15m,100/15m",
        "failed logins of one user from one network, and of all from one network"
    ) { text in
        let rates = text.split(separator: ",", omittingEmptySubsequences: false).map {
            ValueFormats.eventRate(String($0))
        }
        guard rates.count == 2, let byUserAndNetwork = rates[0], let byNetwork = rates[1] else { return nil }
        return LoginThrottle.Limits(byUserAndNetwork: byUserAndNetwork, byNetwork: byNetwork)
    }
}

extension Setting where Value == RateLimit? {
    static let registrationsPerAddress = Setting(
        "registrationsPerAddress", "off", expected: "'off' or \(ValueFormats.eventRate)",
        "users that may be registered from one network"
    ) { text in text == "off" ? .some(nil) : ValueFormats.eventRate(text).map(Optional.some) }
}
