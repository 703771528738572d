import CofferTesting
import Glibc
import Testing

@testable import coffer

@Suite("Files that commands make")
struct OutputFileTests {
    @Test("what another command has begun under the name is neither taken for the own file nor removed")
    func taken() throws {
        try withTemporaryDirectory { directory in
            let path = directory.file("out")
            do {
                let first = try OutputFile(path, replaces: true)
                try first.write([1])
                let second = try OutputFile(path, replaces: true)
                try second.write([2])
                #expect(throws: CommandError.self) { try first.complete() }
                #expect(access(path, F_OK) != 0)
                withExtendedLifetime(second) {}
            }
            #expect(FileTree.paths(under: directory.path) == [])
        }
    }

    @Test("the first one of two goes without the second one's file")
    func abandoned() throws {
        try withTemporaryDirectory { directory in
            let path = directory.file("out")
            var first: OutputFile? = try OutputFile(path, replaces: true)
            try first?.write([1])
            let second = try OutputFile(path, replaces: true)
            first = nil
            try second.write([2])
            try second.complete()
            #expect(FileContent.bytes(of: path) == [2])
            #expect(FileTree.paths(under: directory.path) == [path])
        }
    }
}
