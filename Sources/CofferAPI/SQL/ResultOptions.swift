import HTTPServer

/// How a result is to be written, from the query parameters of the request and the server's limits.
struct ResultOptions {
    var rowsAsObjects = false
    var integersAsStrings = false
    var maximumRows: Int
    var maximumBytes: Int

    init(_ request: borrowing Request, limits: borrowing APILimits) throws {
        maximumRows = limits.responseRows
        maximumBytes = limits.responseBytes
        if let rows = request.query("rows") {
            switch rows {
            case "arrays": break
            case "objects": rowsAsObjects = true
            default: throw Problem.invalidField("rows", "must be 'arrays' or 'objects'")
            }
        }
        if let integers = request.query("integers") {
            switch integers {
            case "number": break
            case "string": integersAsStrings = true
            default: throw Problem.invalidField("integers", "must be 'number' or 'string'")
            }
        }
    }
}
