/// One setting: its name in every source, its default, and how its text becomes a value.
///
/// The key `dataDirectory` is the flag `--data-directory`, the variable `COFFER_DATA_DIRECTORY` and the JSON member
/// `dataDirectory`.
struct Setting<Value: Sendable>: Sendable {
    let key: String
    /// The text that counts when no source has one; empty when there is no value then.
    let fallback: String
    /// What a good value looks like, for the message about a bad one.
    let expected: String
    let summary: String
    let isSecret: Bool
    let parse: @Sendable (String) -> Value?

    init(
        _ key: String, _ fallback: String, expected: String, _ summary: String, isSecret: Bool = false,
        parse: @escaping @Sendable (String) -> Value?
    ) {
        self.key = key
        self.fallback = fallback
        self.expected = expected
        self.summary = summary
        self.isSecret = isSecret
        self.parse = parse
    }

    var name: SettingName { SettingName(key: key, fallback: fallback, summary: summary, isSecret: isSecret) }
}

/// The part of a setting that does not depend on the type of its value.
struct SettingName: Sendable {
    let key: String
    let fallback: String
    let summary: String
    let isSecret: Bool

    var flag: String { "--" + words.joined(separator: "-") }
    var variable: String { "COFFER_" + words.joined(separator: "_").uppercased() }

    private var words: [String] {
        var words = [""]
        for character in key {
            if character.isUppercase { words.append("") }
            words[words.count - 1] += character.lowercased()
        }
        return words
    }
}
