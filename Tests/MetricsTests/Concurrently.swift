import Workers

/// Runs every body on a thread of its own and returns when all have ended; no thread of the cooperative pool waits.
func concurrently(_ bodies: [@Sendable () -> Void]) async {
    let workers = WorkerExecutor(threads: bodies.count)
    await withTaskGroup { group in
        for body in bodies { group.addTask(executorPreference: workers) { body() } }
    }
    workers.shutdown()
}
