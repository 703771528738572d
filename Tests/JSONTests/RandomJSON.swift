import JSON

/// Random trees that favour the values where readers and writers go wrong.
struct RandomJSON<Generator: RandomNumberGenerator> {
    var generator: Generator

    mutating func value(depth: Int = 5) -> JSONValue {
        switch Int.random(in: 0..<(depth > 0 ? 9 : 6), using: &generator) {
        case 0: .null
        case 1: .bool(Bool.random(using: &generator))
        case 2: .integer(integer())
        case 3: .double(double())
        case 4, 5: .string(string())
        case 6, 7: .array((0..<count()).map { _ in value(depth: depth - 1) })
        default: .object((0..<count()).map { JSONMember(name: "\($0)\(string())", value: value(depth: depth - 1)) })
        }
    }

    private mutating func count() -> Int { Int.random(in: 0...6, using: &generator) }

    private mutating func integer() -> Int64 {
        let edges: [Int64] = [.min, .min + 1, -1, 0, 1, .max - 1, .max]
        if Bool.random(using: &generator) { return edges.randomElement(using: &generator) ?? 0 }
        return Int64.random(in: .min ... .max, using: &generator) >> Int64.random(in: 0..<64, using: &generator)
    }

    private mutating func double() -> Double {
        let bits = UInt64.random(in: 0...UInt64.max, using: &generator)
        let subnormal = Bool.random(using: &generator) && Bool.random(using: &generator)
        let value = Double(bitPattern: subnormal ? bits & 0x800F_FFFF_FFFF_FFFF : bits)
        return value.isFinite ? value : 0.1
    }

    private mutating func string() -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...20, using: &generator) { text.append(scalar()) }
        return String(text)
    }

    private mutating func scalar() -> Unicode.Scalar {
        let limits: [UInt32] = [0x1F, 0x7F, 0x7F, 0x7F, 0x7FF, 0xFFFF, 0x10FFFF]
        let limit = limits.randomElement(using: &generator) ?? 0x7F
        return Unicode.Scalar(UInt32.random(in: 0...limit, using: &generator)) ?? "\\"
    }
}
