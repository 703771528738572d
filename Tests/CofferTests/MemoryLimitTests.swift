import CofferTesting
import Glibc
import Testing

@testable import coffer

@Suite("Memory limit of the control group")
struct MemoryLimitTests {
    private func limit(_ files: [String: String]) -> UInt64? {
        withTemporaryDirectory { directory in
            for (path, text) in files {
                var folder = directory.path
                for name in path.split(separator: "/").dropLast() {
                    folder += "/\(name)"
                    if !FileTree.isDirectory(folder) { FileTree.makeDirectory(folder) }
                }
                FileContent.write(text, to: directory.file(path))
            }
            return MemoryLimit(root: directory.path).bytes
        }
    }

    @Test("the least of the groups that the process lies in, of either version")
    func nested() {
        #expect(
            limit([
                "proc/self/cgroup": "0::/a/b\n", "sys/fs/cgroup/a/memory.max": "1000\n",
                "sys/fs/cgroup/a/b/memory.max": "max\n",
            ]) == 1000)
        #expect(
            limit([
                "proc/self/cgroup": "9:cpu:/\n4:memory:/a\n0::/a\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
                "sys/fs/cgroup/memory/a/memory.limit_in_bytes": "2000\n",
            ]) == 2000)
    }

    @Test("a container that sees its own group alone, under another name")
    func container() {
        #expect(
            limit([
                "proc/self/cgroup": "4:memory:/docker/1f\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "3000\n",
            ]) == 3000)
    }

    @Test("none, where nothing says one")
    func unlimited() {
        #expect(limit([:]) == nil)
        #expect(limit(["proc/self/cgroup": "0::/\n", "sys/fs/cgroup/memory.max": "max\n"]) == nil)
        #expect(
            limit([
                "proc/self/cgroup": "4:memory:/\n",
                "sys/fs/cgroup/memory/memory.limit_in_bytes": "9223372036854771712\n",
            ]) == nil)
    }
}
