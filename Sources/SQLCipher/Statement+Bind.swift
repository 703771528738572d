import CSQLCipher

extension Statement {
    /// The number of values it takes: the highest index of a parameter.
    public var parameterCount: Int { Int(sqlite3_bind_parameter_count(handle)) }

    /// Gives every parameter its value. The statement is reset first.
    ///
    /// - Throws: ``ArgumentError`` if the values do not fit the parameters, ``SQLiteCode/tooBig`` for a value over the
    ///   limit, ``SQLiteCode/interrupt`` if the connection is interrupted or its deadline passes while many named
    ///   values are bound.
    public func bind(_ arguments: Arguments) throws {
        let handle = try usableHandle()
        reset()
        switch arguments {
        case .positional(let values): try bind(positional: values, to: handle)
        case .named(let values): try bind(named: values, to: handle)
        }
    }

    private func bind(positional values: ValueList, to handle: OpaquePointer) throws {
        let expected = parameterCount
        guard values.count <= expected else { throw ArgumentError.tooMany(expected: expected, given: values.count) }
        guard values.count >= expected else { throw ArgumentError.tooFew(expected: expected, given: values.count) }
        for index in values.indices { try bind(values[index], at: index + 1) }
    }

    private func bind(named values: [(name: String, value: Value)], to handle: OpaquePointer) throws {
        var isBound = [Bool](repeating: false, count: parameterCount)
        let names = try ParameterNames(of: handle, lookUps: values.count, limit: connection.limit)
        for (position, (name, value)) in values.enumerated() {
            if (position + 1).isMultiple(of: ParameterNames.stride) { try connection.limit.check() }
            let indexes = names.indexes(of: name)
            guard !indexes.isEmpty else { throw ArgumentError.unknownName(name) }
            for index in indexes {
                guard !isBound[index - 1] else { throw ArgumentError.duplicateName(name) }
                isBound[index - 1] = true
                try bind(value, at: index)
            }
        }
        guard let missing = isBound.firstIndex(of: false) else { return }
        let name = sqlite3_bind_parameter_name(handle, Int32(missing + 1)).map { String(cString: $0) }
        throw ArgumentError.missing(name ?? "?\(missing + 1)")
    }

    /// Gives one parameter its value, which is copied. Indexes begin at 1.
    ///
    /// - Throws: ``SQLiteCode/range`` for an index that no parameter has, ``SQLiteCode/misuse`` if the statement runs.
    public func bind(_ value: Value, at index: Int) throws(SQLiteError) {
        let handle = try usableHandle()
        let index = Int32(clamping: index)
        let result =
            switch value {
            case .null: sqlite3_bind_null(handle, index)
            case .integer(let integer): sqlite3_bind_int64(handle, index, integer)
            case .real(let real): sqlite3_bind_double(handle, index, real)
            case .text(var text): text.withUTF8 { Self.bindText(UnsafeRawBufferPointer($0), to: handle, at: index) }
            case .textBytes(let bytes): bytes.withUnsafeBytes { Self.bindText($0, to: handle, at: index) }
            case .blob(let bytes): bytes.withUnsafeBytes { Self.bindBlob($0, to: handle, at: index) }
            }
        guard result == SQLITE_OK else { throw connection.error(result) }
    }

    /// Gives one parameter the value of a column of another statement, which is copied once. Indexes begin at 1.
    public func bind(_ column: ColumnValue, at index: Int) throws(SQLiteError) {
        let handle = try usableHandle()
        let index = Int32(clamping: index)
        let result =
            switch column {
            case .null: sqlite3_bind_null(handle, index)
            case .integer(let integer): sqlite3_bind_int64(handle, index, integer)
            case .real(let real): sqlite3_bind_double(handle, index, real)
            case .text(let bytes): Self.bindText(bytes, to: handle, at: index)
            case .blob(let bytes): Self.bindBlob(bytes, to: handle, at: index)
            }
        guard result == SQLITE_OK else { throw connection.error(result) }
    }

    private static func bindText(_ bytes: UnsafeRawBufferPointer, to handle: OpaquePointer, at index: Int32) -> Int32 {
        // No address would mean NULL, not the empty text.
        guard let start = bytes.baseAddress, !bytes.isEmpty else {
            return sqlite3_bind_text64(handle, index, "", 0, coffer_sqlite3_transient(), UInt8(SQLITE_UTF8))
        }
        return sqlite3_bind_text64(
            handle, index, start.assumingMemoryBound(to: CChar.self), UInt64(bytes.count), coffer_sqlite3_transient(),
            UInt8(SQLITE_UTF8))
    }

    private static func bindBlob(_ bytes: UnsafeRawBufferPointer, to handle: OpaquePointer, at index: Int32) -> Int32 {
        guard !bytes.isEmpty else { return sqlite3_bind_zeroblob(handle, index, 0) }
        return sqlite3_bind_blob64(handle, index, bytes.baseAddress, UInt64(bytes.count), coffer_sqlite3_transient())
    }
}
