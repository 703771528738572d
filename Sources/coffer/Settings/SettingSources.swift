import Configuration

/// Where settings come from, strongest first: flags, environment, the JSON file, the default.
struct SettingSources: Sendable {
    /// Who said a value.
    enum Origin: String, Sendable {
        case flag
        case environment
        case file
        case `default`
    }

    private let sources: [(origin: Origin, provider: any ConfigProvider)]

    /// Reads the sources and refuses every name that is no setting.
    ///
    /// - Parameters:
    ///   - arguments: the command's own, such as `--port 0`.
    ///   - configurationFile: the path of a JSON object, or `nil`.
    init(
        names: [SettingName], arguments: [String], environment: [String: String], configurationFile: String?
    ) throws {
        try Self.checkFlags(arguments, names)
        try Self.checkVariables(environment, names)
        var sources: [(Origin, any ConfigProvider)] = [
            (.flag, CommandLineArgumentsProvider(arguments: ["coffer"] + arguments)),
            (
                .environment,
                EnvironmentVariablesProvider(environmentVariables: environment).prefixKeys(with: "coffer")
            ),
        ]
        if let configurationFile {
            sources.append((.file, InMemoryProvider(values: try Self.values(ofFile: configurationFile, names))))
        }
        self.sources = sources
    }

    /// The text of a setting and who said it.
    func text(_ name: SettingName) throws -> (text: String, origin: Origin) {
        let key = AbsoluteConfigKey([name.key])
        for (origin, provider) in sources {
            if let text = try Self.text(key, provider, name) { return (text, origin) }
        }
        return (name.fallback, .default)
    }

    /// The value of a setting; an error names the setting, the text and what was expected.
    func value<Value>(_ setting: Setting<Value>) throws -> Value {
        let (text, _) = try text(setting.name)
        guard let value = setting.parse(text) else {
            throw SettingError.badValue(setting.name, text: text, expected: setting.expected)
        }
        return value
    }

    private static func text(
        _ key: AbsoluteConfigKey, _ provider: any ConfigProvider, _ name: SettingName
    ) throws -> String? {
        if case .string(let text) = try? provider.value(forKey: key, type: .string).value?.content { return text }
        // The provider of flags takes a text with commas for a list.
        if case .stringArray(let parts) = try? provider.value(forKey: key, type: .stringArray).value?.content {
            return parts.joined(separator: ",")
        }
        if let result = try? provider.value(forKey: key, type: .string), result.value == nil { return nil }
        throw SettingError.notAString(name)
    }

    private static func checkFlags(_ arguments: [String], _ names: [SettingName]) throws {
        let flags = Set(names.map(\.flag))
        var given: Set<String> = []
        /// The flag whose value is to come next.
        var pending: String?
        for argument in arguments {
            if argument.hasPrefix("--") {
                if let pending { throw SettingError.missingValue(pending) }
                let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                let flag = String(parts[0])
                guard flags.contains(flag) else { throw SettingError.unknown(flag) }
                guard given.insert(flag).inserted else { throw SettingError.givenTwice(flag) }
                pending = parts.count == 1 ? flag : nil
            } else {
                guard pending != nil else { throw SettingError.unknown(argument) }
                pending = nil
            }
        }
        if let pending { throw SettingError.missingValue(pending) }
    }

    private static func checkVariables(_ environment: [String: String], _ names: [SettingName]) throws {
        let variables = Set(names.map(\.variable))
        for variable in environment.keys.sorted() where variable.hasPrefix("COFFER_") {
            guard variables.contains(variable) else { throw SettingError.unknown(variable) }
        }
    }
}

/// Why the settings are refused; each stops the start.
enum SettingError: Error, CustomStringConvertible {
    case unknown(String)
    case missingValue(String)
    case givenTwice(String)
    case badValue(SettingName, text: String, expected: String)
    case notAString(SettingName)
    case unreadableFile(String, reason: String)

    var description: String {
        switch self {
        case .unknown(let name):
            "unknown setting '\(name)'; `coffer config` lists the known ones"
        case .missingValue(let flag):
            "\(flag) needs a value"
        case .givenTwice(let flag):
            "\(flag) is given twice"
        case .badValue(let name, let text, let expected):
            "\(name.variable) (\(name.flag)) is '\(name.isSecret ? "<redacted>" : text)', and \(expected) was expected"
        case .notAString(let name):
            "'\(name.key)' in the configuration file must be a string or a whole number"
        case .unreadableFile(let path, let reason):
            "cannot read the configuration file \(path): \(reason)"
        }
    }
}
