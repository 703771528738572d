import CSQLCipher
import Glibc
import Testing

@Suite("Fetching memory into the cache") struct PrefetchTests {
    @Test("memory need not be there: it may have been given back, end within what is asked for, or be nothing at all")
    func noMemory() async {
        await #expect(processExitsWith: .success) {
            let pages = mapTwoPages()
            munmap(pages + pageSize, pageSize)
            coffer_prefetch(pages + (pageSize - 1), 0, Int32(pageSize))
            munmap(pages, pageSize)
            coffer_prefetch(pages, 0, Int32(pageSize))
            coffer_prefetch(pages + pageSize, Int32(pageSize), 64)
            coffer_prefetch(nil, 576, 256)
        }
    }

    @Test("to read such memory would end the process") func reading() async {
        await #expect(processExitsWith: .signal(SIGSEGV)) {
            let pages = mapTwoPages()
            munmap(pages, 2 * pageSize)
            _ = pages.load(as: UInt8.self)
        }
    }
}

private let pageSize = sysconf(Int32(_SC_PAGESIZE))

private func mapTwoPages() -> UnsafeMutableRawPointer {
    let pages = mmap(nil, 2 * pageSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let pages, pages != MAP_FAILED else { fatalError("there is no memory to map") }
    return pages
}
