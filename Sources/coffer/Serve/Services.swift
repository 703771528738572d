import Accounts
import Backups
import CofferAPI
import HTTPServer
import Logging
import Metrics
import Research
import ServiceLifecycle
import UserEngines
import Workers

/// Listens from the start to the stop, and answers what is in flight before it ends.
struct HTTPService: Service {
    let server: Server
    let readiness: Readiness
    let events: ResearchEvents
    let settings: Settings
    let stop: StopSchedule

    func run() async throws {
        try server.start()
        let url = "http://\(authority)"
        settings.logFormat.write("listening on \(url)", level: .notice, ["url": "\(url)"])
        if let limit = MemoryLimit().bytes {
            Logger(label: "coffer").info("the control group limits the memory", metadata: ["bytes": "\(limit)"])
        }
        try? await gracefulShutdown()
        stop.begin()
        readiness.beginDraining()
        server.beginDraining()
        // They would go on for as long as their researches.
        events.close()
        await server.shutdown(deadline: stop.requests)
    }

    private var authority: String {
        let host = settings.server.host
        return (host.contains(":") ? "[\(host)]" : host) + ":\(server.port)"
    }
}

/// Keeps quiet event streams alive.
struct HeartbeatService: Service {
    let events: ResearchEvents

    func run() async throws {
        await cancelWhenGracefulShutdown { await events.run() }
    }
}

/// Runs the reaper's passes.
struct ReaperService: Service {
    let reaper: Reaper

    func run() async throws {
        await cancelWhenGracefulShutdown { await reaper.run() }
    }
}

/// Counts the descriptors by class for the scrapes, which would take some twenty times as long with a census of
/// thousands.
struct CensusService: Service {
    private static let interval = Duration.seconds(10)

    let descriptors: LatestCensus
    let workers: WorkerExecutor

    func run() async throws {
        await cancelWhenGracefulShutdown {
            await withTaskExecutorPreference(workers) {
                repeat { descriptors.renew() } while (try? await Task.sleep(for: Self.interval)) != nil
            }
        }
    }
}

/// Writes now and then when the sessions were last used.
struct SessionTimesService: Service {
    let accounts: Accounts
    let interval: Duration

    func run() async throws {
        let logger = Logger(label: "coffer.accounts")
        await cancelWhenGracefulShutdown {
            while (try? await Task.sleep(for: interval)) != nil {
                do {
                    try await accounts.flushLastSeen()
                } catch {
                    logger.error("the sessions' last use could not be written", metadata: ["error": "\(error)"])
                }
            }
        }
    }
}

/// Closes every engine and the catalog at the end, when nobody calls them any more.
struct EnginesService: Service {
    let backups: Backups
    let engines: EngineRegistry
    let accounts: Accounts

    func run() async throws {
        try? await gracefulShutdown()
        await backups.shutDown()
        await engines.shutDown()
        try await accounts.close()
    }
}
