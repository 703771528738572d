import Glibc

/// Where a field's name and value lie; the value follows the name.
struct HeaderField: BitwiseCopyable {
    let start: UInt32
    let nameCount: UInt32
    let valueCount: UInt32
}

/// Header fields in one allocation: a table of ``HeaderField``, and the bytes that it tells of behind it.
final class HeaderStorage: ManagedBuffer<HeaderStorage.Extent, HeaderField> {
    struct Extent {
        let capacity: Int
        let byteCapacity: Int
        var count = 0
        var byteCount = 0
    }

    /// Room for so many fields, and bytes of their names and values.
    static func make(count: Int, byteCount: Int) -> HeaderStorage {
        let stride = MemoryLayout<HeaderField>.stride
        let storage = create(minimumCapacity: count + (byteCount + stride - 1) / stride) { _ in
            Extent(capacity: count, byteCapacity: byteCount)
        }
        return unsafeDowncast(storage, to: HeaderStorage.self)
    }

    deinit {
        withUnsafeMutablePointers { extent, fields in
            let bytes = UnsafeMutableRawPointer(fields + extent.pointee.capacity)
            UnsafeMutableRawBufferPointer(start: bytes, count: extent.pointee.byteCount).wipe()
        }
    }

    var count: Int { withUnsafeMutablePointerToHeader { $0.pointee.count } }

    /// Copies a field, for which there must be room.
    func append(_ name: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) {
        withUnsafeMutablePointers { extent, fields in
            let start = extent.pointee.byteCount
            let end = start + name.count + value.count
            precondition(
                extent.pointee.count < extent.pointee.capacity && end <= extent.pointee.byteCapacity,
                "there are more header fields than was said")
            let target = UnsafeMutableRawPointer(fields + extent.pointee.capacity) + start
            UnsafeMutableRawBufferPointer(start: target, count: name.count).copyMemory(from: name)
            UnsafeMutableRawBufferPointer(start: target + name.count, count: value.count).copyMemory(from: value)
            (fields + extent.pointee.count).initialize(
                to: HeaderField(
                    start: UInt32(start), nameCount: UInt32(name.count), valueCount: UInt32(value.count)))
            extent.pointee.count += 1
            extent.pointee.byteCount = end
        }
    }

    /// The name of a field, from 0. The bytes live as long as this.
    func name(at index: Int) -> UnsafeRawBufferPointer {
        let (field, bytes) = field(at: index)
        return UnsafeRawBufferPointer(start: bytes, count: Int(field.nameCount))
    }

    /// The value of a field, from 0. The bytes live as long as this.
    func value(at index: Int) -> UnsafeRawBufferPointer {
        let (field, bytes) = field(at: index)
        return UnsafeRawBufferPointer(start: bytes + Int(field.nameCount), count: Int(field.valueCount))
    }

    /// All names and values, one after the other. They live as long as this.
    var bytes: UnsafeRawBufferPointer {
        withUnsafeMutablePointers { extent, fields in
            UnsafeRawBufferPointer(
                start: UnsafeRawPointer(fields + extent.pointee.capacity), count: extent.pointee.byteCount)
        }
    }

    private func field(at index: Int) -> (HeaderField, UnsafeRawPointer) {
        withUnsafeMutablePointers { extent, fields in
            precondition(index >= 0 && index < extent.pointee.count)
            let field = fields[index]
            return (field, UnsafeRawPointer(fields + extent.pointee.capacity) + Int(field.start))
        }
    }
}
