/// Where a body lies while it comes in: in memory that it was given, or, once that is too small, in memory of its own.
/// All of it is wiped when it is left.
struct BodyMemory {
    /// The number of bytes that have come.
    private(set) var count = 0
    private var room: UnsafeMutableRawBufferPointer
    private var isOwn = false

    /// `room` stays its owner's to free, after ``wipe()``.
    init(room: UnsafeMutableRawBufferPointer) {
        self.room = room
    }

    /// What has come.
    var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(rebasing: room[..<count]) }

    /// Adds what has arrived; `expected` is the length announced, or 0. No more than 64 KiB are allocated on the
    /// client's word alone.
    mutating func append(_ bytes: UnsafeRawBufferPointer, expecting expected: Int) {
        let needed = count + bytes.count
        if needed > room.count { move(toCapacity: max(min(expected, 65536), room.count * 2, needed)) }
        UnsafeMutableRawBufferPointer(rebasing: room[count...]).copyMemory(from: bytes)
        count = needed
    }

    /// Overwrites the bytes with zeros and lets go of the memory; nothing is there afterwards.
    mutating func wipe() {
        leave()
        self = BodyMemory(room: UnsafeMutableRawBufferPointer(start: nil, count: 0))
    }

    private mutating func move(toCapacity capacity: Int) {
        let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 1)
        larger.copyMemory(from: bytes)
        leave()
        room = larger
        isOwn = true
    }

    private func leave() {
        UnsafeMutableRawBufferPointer(rebasing: room[..<count]).wipe()
        if isOwn { room.deallocate() }
    }
}
