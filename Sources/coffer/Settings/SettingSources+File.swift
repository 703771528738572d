import Configuration
import JSON

extension SettingSources {
    /// The members of a configuration file, a number as its digits; refuses one that is no JSON object or has a member
    /// that is no setting.
    static func values(ofFile path: String, _ names: [SettingName]) throws -> [AbsoluteConfigKey: ConfigValue] {
        let document: JSONValue
        do {
            document = try JSONValue(parsing: try TextFile.bytes(of: path))
        } catch let error as JSONError {
            throw SettingError.unreadableFile(path, reason: "\(error)")
        } catch let error as TextFile.Unreadable {
            throw SettingError.unreadableFile(path, reason: error.reason)
        }
        guard let members = document.objectValue else {
            throw SettingError.unreadableFile(path, reason: "it must hold a JSON object")
        }
        var values: [AbsoluteConfigKey: ConfigValue] = [:]
        for member in members {
            guard let name = names.first(where: { $0.key == member.name }) else {
                throw SettingError.unknown(member.name)
            }
            switch member.value {
            case .string(let text): values[[name.key]] = ConfigValue(.string(text), isSecret: name.isSecret)
            case .integer(let number): values[[name.key]] = ConfigValue(.string("\(number)"), isSecret: name.isSecret)
            case .null, .bool, .double, .array, .object: throw SettingError.notAString(name)
            }
        }
        return values
    }
}
