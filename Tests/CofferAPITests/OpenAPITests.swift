import CofferTesting
import JSON
import Testing

@testable import HTTPServer

@Suite("The OpenAPI document")
struct OpenAPITests {
    private static let directory: String =
        "/" + #filePath.split(separator: "/").dropLast(3).joined(separator: "/") + "/Public"

    private static func operations() throws -> Set<String> {
        let document = try JSONValue(parsing: FileContent.bytes(of: directory + "/openapi.json"))
        let methods: Set<String> = ["get", "put", "post", "delete", "patch", "head", "options", "trace"]
        var operations: Set<String> = []
        for path in try #require(document["paths"]?.objectValue) {
            for member in path.value.objectValue ?? [] where methods.contains(member.name) {
                operations.insert("\(member.name.uppercased()) \(path.name)")
            }
        }
        return operations
    }

    @Test("it describes every route, and no other")
    func routes() async throws {
        try await APIFixture.run {
            $0.publicDirectory = Self.directory
        } _: { api in
            let routes = Set(api.server.core.router.routes.map { "\($0.method.name) \($0.template)" })
            let described = try Self.operations()
            #expect(described.subtracting(routes) == [])
            #expect(routes.subtracting(described) == [])
        }
    }
}
