import Glibc
import JSON

extension SettingSources {
    /// Refuses a configuration file that is no JSON object or has a member that is no setting.
    static func checkFile(_ path: String, _ names: [SettingName]) throws {
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
        for member in members {
            guard let name = names.first(where: { $0.key == member.name }) else {
                throw SettingError.unknown(member.name)
            }
            switch member.value {
            case .string, .integer: break
            case .null, .bool, .double, .array, .object: throw SettingError.notAString(name)
            }
        }
    }
}
